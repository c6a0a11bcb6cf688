// Validation of the names of tenants, databases and collections.
#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "gateway/validate.h"
#include "types/utf8.h"

namespace ochre {
namespace {

constexpr int64_t kNameSizeMin = 3;
constexpr size_t kNameSizeMax = 512;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool IsNameCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

// Of IPv4: an IPv6 address has colons, which no name may have.
bool IsIpAddress(const std::string& name) {
  in_addr address;
  return inet_pton(AF_INET, name.c_str(), &address) == 1;
}

bool FitsPattern(std::string_view name) {
  if (name.size() < kNameSizeMin || name.size() > kNameSizeMax) return false;
  return IsAlphanumeric(name.front()) && IsAlphanumeric(name.back()) &&
         std::all_of(name.begin(), name.end(), IsNameCharacter);
}

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

int64_t CharacterCount(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](char c) { return !IsContinuationByte(c); });
}

// What a message shows of a bad name: messages are UTF-8 themselves, and end up in logs.
std::string_view Excerpt(std::string_view name) {
  if (!IsValidUtf8(name)) return "bytes that are no valid UTF-8";
  size_t end = std::min(name.size(), kNameSizeMax);
  while (end < name.size() && end > 0 && IsContinuationByte(name[end])) --end;
  return name.substr(0, end);
}

}  // namespace

Status ValidateTenantName(std::string_view name) {
  if (IsValidUtf8(name) && CharacterCount(name) >= kNameSizeMin) return Status::Ok();
  return Status::InvalidArgument("Validation error: name: Expected a tenant name of at least ", kNameSizeMin,
                                 " characters of valid UTF-8. Got: ", Excerpt(name));
}

Status ValidateName(std::string_view what, std::string_view name) {
  std::string_view hint;  // at what the sentence, which clients know, does not say
  if (FitsPattern(name)) {
    if (name.find("..") != std::string_view::npos) {
      hint = " (two dots in a row)";
    } else if (IsIpAddress(std::string(name))) {
      hint = " (an IP address)";
    } else {
      return Status::Ok();
    }
  }
  return Status::InvalidArgument("Validation error: ", what, ": Expected a name containing ", kNameSizeMin, "-",
                                 kNameSizeMax,
                                 " characters from [a-zA-Z0-9._-], starting and ending with a character in "
                                 "[a-zA-Z0-9]. Got: ",
                                 Excerpt(name), hint);
}

}  // namespace ochre
