#include "capi/error.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "capi/text.h"

namespace ochre {
namespace {

struct LastError {
  StatusCode code = StatusCode::kOk;
  std::string message;
  int64_t index = -1;
};

thread_local LastError last_error;

template <typename Target>
void Note(Target& target, StatusCode code, std::string_view message, int64_t index) noexcept {
  target.code = code;
  target.index = index;
  try {
    target.message.assign(message);
  } catch (...) {
    target.message.clear();  // the code remains
  }
}

// The number at the front of `text`, -1 if there is none.
int64_t NumberAt(std::string_view text) {
  int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int64_t IndexIn(std::string_view message) {
  // What follows may be the caller's: a quoted value, names in brackets, a refused name, repeated ids.
  for (const std::string_view quote : {"\"", "[", "Got: ", "found "}) message = message.substr(0, message.find(quote));
  for (const std::string_view place : {" at index ", " in query "}) {
    const size_t found = message.find(place);
    if (found != std::string_view::npos) return NumberAt(message.substr(found + place.size()));
  }
  return -1;
}

ochre_status Report(ochre_error* error, StatusCode code, std::string_view message) noexcept {
  const int64_t index = IndexIn(message);
  Note(last_error, code, message, index);
  if (IsHandle(error)) Note(*error, code, message, index);
  return static_cast<ochre_status>(code);
}

ochre_status ReportOk(ochre_error* error) noexcept {
  if (error != nullptr) Note(*error, StatusCode::kOk, "", -1);
  return OCHRE_OK;
}

}  // namespace ochre

using ochre::IsHandle;
using ochre::StatusCode;

extern "C" {

const char* ochre_status_name(ochre_status status) {
  return ochre::StatusCodeName(static_cast<StatusCode>(status)).data();  // literals, so NUL follows
}

ochre_error* ochre_error_new(void) { return new (std::nothrow) ochre_error; }

void ochre_error_free(ochre_error* error) { ochre::Free(error); }

ochre_status ochre_error_code(const ochre_error* error) {
  return IsHandle(error) ? static_cast<ochre_status>(error->code) : OCHRE_OK;
}

ochre_string ochre_error_message(const ochre_error* error) {
  return IsHandle(error) ? ochre::ToC(error->message) : ochre::ToC("");
}

int64_t ochre_error_index(const ochre_error* error) { return IsHandle(error) ? error->index : -1; }

void ochre_error_set(ochre_error* error, ochre_status code, ochre_string message) {
  if (!IsHandle(error)) return;
  const bool readable = message.data != nullptr && message.size > 0;
  ochre::Note(*error, static_cast<StatusCode>(code),
              readable ? std::string_view(message.data, static_cast<size_t>(message.size)) : std::string_view(), -1);
}

ochre_status ochre_last_error_code(void) { return static_cast<ochre_status>(ochre::last_error.code); }

ochre_string ochre_last_error_message(void) { return ochre::ToC(ochre::last_error.message); }

int64_t ochre_last_error_index(void) { return ochre::last_error.index; }

}  // extern "C"
