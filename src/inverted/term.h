// Terms: the keys of postings.sst.
#ifndef OCHRE_INVERTED_TERM_H_
#define OCHRE_INVERTED_TERM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ochre {

// The first byte of a term; on disk.
//   'd'                          rows that have a document
//   't' trigram (3 bytes)        rows whose folded document contains it
//   's' KEY value                rows whose string under the key is the value
//   'b' KEY 0 or 1               rows whose boolean under the key is the value
//   'S' KEY value                rows whose array of strings under the key has the value
//   'B' KEY 0 or 1               ... array of booleans
//   'I' KEY int64 (8 bytes)      ... array of integers
//   'D' KEY double (8 bytes)     ... array of doubles; -0.0 is stored as 0.0, which it equals
// KEY is the key's size (varint) and its bytes; numbers are little-endian. Numeric scalars are in columns.bin. A string
// is part of its term whole, however long: a hash in its place would be shorter, but answers have to be exact.
enum class TermKind : char {
  kHasDocument = 'd',
  kTrigram = 't',
  kString = 's',
  kBool = 'b',
  kStringElement = 'S',
  kBoolElement = 'B',
  kInt64Element = 'I',
  kDoubleElement = 'D',
};

std::string HasDocumentTerm();
std::string TrigramTerm(uint32_t trigram);
std::string MetadataTerm(TermKind kind, std::string_view key, std::string_view value);
std::string BoolValue(bool value);
std::string Int64Value(int64_t value);
std::string DoubleValue(double value);

// The distinct trigrams of `text`, ascending; a trigram is its three bytes, the first one highest.
std::vector<uint32_t> TrigramsOf(std::string_view text);

}  // namespace ochre

#endif  // OCHRE_INVERTED_TERM_H_
