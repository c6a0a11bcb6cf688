#include "runtime/call_limit.h"

namespace ochre {
namespace {

thread_local const CallLimit* current = nullptr;

}  // namespace

const CallLimit* CallLimit::Current() { return current; }

Status CallLimit::CheckCurrent() { return current == nullptr ? Status::Ok() : current->Check(); }

CallLimit::Scope::Scope(const CallLimit* limit) : outer_(current) { current = limit; }

CallLimit::Scope::~Scope() { current = outer_; }

}  // namespace ochre
