#include "storage/blob_name.h"

namespace ochre {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsPart(std::string_view part) {
  for (const char c : part) {
    if (!IsNameCharacter(c)) return false;
  }
  return !part.empty() && part != "." && part != "..";
}

}  // namespace

bool IsBlobName(std::string_view name) {
  for (;;) {
    const size_t slash = name.find('/');
    if (!IsPart(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace ochre
