// Validation of names and of collection metadata.
#include <arpa/inet.h>

#include <cmath>
#include <string>

#include "gateway/validate.h"
#include "types/utf8.h"

namespace ochre {
namespace {

constexpr size_t kNameSizeMin = 3;
constexpr size_t kNameSizeMax = 512;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool IsNameCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

// inet_pton wants a terminated string; a name with a NUL inside has failed before.
bool IsIpAddress(const std::string& name) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), address) == 1 || inet_pton(AF_INET6, name.c_str(), address) == 1;
}

bool IsName(std::string_view name) {
  if (name.size() < kNameSizeMin || name.size() > kNameSizeMax) return false;
  if (!IsAlphanumeric(name.front()) || !IsAlphanumeric(name.back())) return false;
  for (const char c : name) {
    if (!IsNameCharacter(c)) return false;
  }
  return name.find("..") == std::string_view::npos && !IsIpAddress(std::string(name));
}

// What a message shows of a bad name.
std::string_view Excerpt(std::string_view name) { return name.substr(0, kNameSizeMax); }

}  // namespace

Status ValidateTenantName(std::string_view name) {
  if (name.size() >= kNameSizeMin && IsValidUtf8(name)) return Status::Ok();
  return Status::InvalidArgument("Validation error: name: Expected a tenant name of at least ", kNameSizeMin,
                                 " characters of valid UTF-8. Got: ", Excerpt(name));
}

Status ValidateName(std::string_view what, std::string_view name) {
  if (IsName(name)) return Status::Ok();
  return Status::InvalidArgument("Validation error: ", what, ": Expected a name containing ", kNameSizeMin, "-",
                                 kNameSizeMax,
                                 " characters from [a-zA-Z0-9._-], starting and ending with a character in "
                                 "[a-zA-Z0-9], without \"..\", and not an IP address. Got: ",
                                 Excerpt(name));
}

}  // namespace ochre
