#include "ochre/records.h"

#include "types/encoded_metadata.h"

namespace ochre {

void StringArray::Append(std::string_view text) {
  bytes_.append(text);
  ends_.push_back(bytes_.size());
  if (!nulls_.empty()) nulls_.push_back(false);
}

void StringArray::AppendNull() {
  if (nulls_.empty()) nulls_.resize(ends_.size(), false);
  ends_.push_back(bytes_.size());
  nulls_.push_back(true);
}

void StringArray::Reserve(size_t count, size_t bytes) {
  ends_.reserve(count);
  bytes_.reserve(bytes);
}

Metadata MetadataArray::operator[](size_t i) const { return DecodeMetadata(EncodedMetadata(encoded_[i])); }

MetadataValue MetadataArray::Get(size_t i, std::string_view key) const {
  const Metadata map = (*this)[i];
  const auto found = map.find(key);
  return found == map.end() ? MetadataValue() : found->second;
}

}  // namespace ochre
