#include "capi/metadata_text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "ochre/metadata.h"

namespace ochre {
namespace {

// False: it has characters that JSON escapes.
bool AppendPlainString(std::string_view text, std::string& json) {
  const auto escaped = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7f;
  };
  if (std::any_of(text.begin(), text.end(), escaped)) return false;
  json.append(1, '"').append(text).append(1, '"');
  return true;
}

// False: it is none of the plain values.
bool AppendPlainValue(const EncodedMetadata::Entry& entry, std::string& json) {
  switch (entry.type) {
    case MetadataType::kBool:
      json.append(entry.AsBool() ? "true" : "false");
      return true;
    case MetadataType::kInt64: {
      char digits[std::numeric_limits<int64_t>::digits10 + 2];  // the first digit, and the sign
      json.append(digits, std::to_chars(digits, digits + sizeof(digits), entry.AsInt64()).ptr);
      return true;
    }
    case MetadataType::kString:
      return AppendPlainString(entry.payload, json);
    default:
      return false;
  }
}

}  // namespace

std::string MetadataText(EncodedMetadata metadata) {
  std::string json = "{";
  std::string_view rest = metadata.bytes();
  for (EncodedMetadata::Entry entry; EncodedMetadata::Next(rest, entry);) {
    if (json.size() > 1) json.append(1, ',');
    const bool plain = AppendPlainString(entry.key, json) && AppendPlainValue(entry, json.append(1, ':'));
    if (!plain) return MetadataToJson(DecodeMetadata(metadata));
  }
  return json.append(1, '}');
}

}  // namespace ochre
