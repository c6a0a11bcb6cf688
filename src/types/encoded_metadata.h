// EncodedMetadata: a metadata map as compact bytes, the form in which the log, the tail and the segments keep it.
#ifndef OCHRE_TYPES_ENCODED_METADATA_H_
#define OCHRE_TYPES_ENCODED_METADATA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ochre/metadata.h"
#include "ochre/status.h"

namespace ochre {

// The alternative of MetadataValue::Variant that an entry holds; these numbers are on disk.
enum class MetadataType : uint8_t {
  kNull = 0,  // the order is that of the variant
  kBool = 1,
  kInt64 = 2,
  kDouble = 3,
  kString = 4,
  kSparseVector = 5,
  kBoolArray = 6,
  kInt64Array = 7,
  kDoubleArray = 8,
  kStringArray = 9,
};

// Borrowed bytes of entries in ascending order of their keys, each
//   key size (varint), key, type (1 byte), payload size (varint), payload
// with the payload of: null nothing; bool 1 byte; int64 and double 8 bytes, little-endian; string its bytes; a bool,
// int64 or double array its elements likewise; a string array (size (varint), bytes) of each; a sparse vector its count
// (varint), u32 indices, f32 values, token count (varint; 0 or count), (size (varint), bytes) of each token.
//
// Reading is safe whatever the bytes: a malformed entry ends the iteration and reads as missing. Validate() tells.
class EncodedMetadata {
 public:
  struct Entry {
    std::string_view key;
    MetadataType type = MetadataType::kNull;
    std::string_view payload;

    // Of an entry of that type; a payload of the wrong size reads as false or 0.
    bool AsBool() const;
    int64_t AsInt64() const;
    double AsDouble() const;

    // Of an array of bool, int64 or double: how many elements, and element i in [0, count).
    size_t FixedCount() const;
    bool BoolAt(size_t i) const;
    int64_t Int64At(size_t i) const;
    double DoubleAt(size_t i) const;

    // Of a string array: takes the next element off `rest`, which begins as `payload`; false at the end.
    static bool NextString(std::string_view& rest, std::string_view& element);
  };

  EncodedMetadata() = default;
  explicit EncodedMetadata(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::string_view bytes() const { return bytes_; }

  // Iterates: `rest` begins as bytes(); false at the end.
  static bool Next(std::string_view& rest, Entry& entry);

  std::optional<Entry> Find(std::string_view key) const;

  // DataLoss: not a well-formed map (then the file that it came from is damaged although its checksum matched).
  Status Validate() const;

 private:
  std::string_view bytes_;
};

// Empty arrays become null entries, as the data model has no empty arrays.
std::string EncodeMetadata(const Metadata& metadata);
Metadata DecodeMetadata(EncodedMetadata metadata);

// `update` over `base`, key by key; a null in `update` deletes the key, so the result has no nulls.
std::string MergeMetadata(EncodedMetadata base, EncodedMetadata update);

}  // namespace ochre

#endif  // OCHRE_TYPES_ENCODED_METADATA_H_
