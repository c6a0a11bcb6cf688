#include "inverted/inverted_index.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <utility>
#include <vector>

#include "inverted/bitmap_bytes.h"
#include "inverted/fold_case.h"
#include "inverted/numeric_columns.h"
#include "inverted/term.h"
#include "storage/sorted_table.h"
#include "storage/verified_blob.h"
#include "types/number_compare.h"

namespace ochre {
namespace {

// Of a long text this many trigrams, spread over it, are looked up: they leave hardly a row that does not contain it,
// and each costs a seek.
constexpr size_t kTrigramsMax = 24;

// With no more candidates than this, reading their documents is cheaper than decoding another posting list.
constexpr uint64_t kFewRows = 8;

// A number in the other type, where that holds it exactly.
std::optional<int64_t> AsInt64(const FilterScalar& number) {
  if (const auto* integer = number.get_if<int64_t>()) return *integer;
  const double value = *number.get_if<double>();
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (!(value >= -kTwoTo63 && value < kTwoTo63) || value != std::trunc(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::optional<double> AsDouble(const FilterScalar& number) {
  if (const auto* value = number.get_if<double>()) return *value;
  const int64_t integer = *number.get_if<int64_t>();
  const auto nearest = static_cast<double>(integer);
  if (!std::is_eq(CompareNumbers(integer, nearest))) return std::nullopt;
  return nearest;
}

bool IsAscii(uint32_t trigram) { return (trigram & 0x808080) == 0; }

}  // namespace

struct InvertedIndex::Impl {
  // A bitmap as ToRoaringBytes wrote it.
  Result<Roaring> Decode(std::string_view bytes) const {
    std::optional<Roaring> rows = BitmapFromBytes(bytes, row_count);
    if (rows.has_value()) return *std::move(rows);
    return Status::DataLoss(postings_blob->name(), " holds a bitmap of ", bytes.size(),
                            " bytes that is malformed or names rows beyond the segment's ", row_count);
  }

  // The rows of `term`; none if no row has it.
  Result<Roaring> Postings(const std::string& term) const {
    std::string bytes;
    OCHRE_ASSIGN_OR_RETURN(const bool found, postings->Find(term, bytes));
    if (!found) return Roaring();
    return Decode(bytes);
  }

  // The rows that have all of `trigrams`, or a few more; nullopt if there are none.
  Result<std::optional<Roaring>> RowsWithAll(const std::vector<uint32_t>& trigrams) const {
    if (trigrams.empty()) return std::optional<Roaring>();
    const size_t step = (trigrams.size() + kTrigramsMax - 1) / kTrigramsMax;
    std::vector<std::string> lists;
    for (size_t i = 0; i < trigrams.size(); i += step) {
      OCHRE_ASSIGN_OR_RETURN(const bool found, postings->Find(TrigramTerm(trigrams[i]), lists.emplace_back()));
      if (!found) return std::optional(Roaring());
    }
    // Rare trigrams have short lists, and do most of the narrowing.
    std::sort(lists.begin(), lists.end(),
              [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    OCHRE_ASSIGN_OR_RETURN(Roaring rows, Decode(lists.front()));
    for (size_t i = 1; i < lists.size() && rows.cardinality() > kFewRows; ++i) {
      OCHRE_ASSIGN_OR_RETURN(const Roaring with_trigram, Decode(lists[i]));
      rows &= with_trigram;
    }
    return std::optional(std::move(rows));
  }

  int64_t row_count = 0;
  std::unique_ptr<const VerifiedBlob> postings_blob, columns_blob;
  std::unique_ptr<const SortedTable> postings;
  std::unique_ptr<const NumericColumns> columns;
};

InvertedIndex::InvertedIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InvertedIndex::~InvertedIndex() = default;

Result<std::unique_ptr<const InvertedIndex>> InvertedIndex::Open(const Storage& storage, BlobInfo postings,
                                                                 BlobInfo columns, int64_t row_count) {
  auto impl = std::make_unique<Impl>();
  impl->row_count = row_count;
  OCHRE_ASSIGN_OR_RETURN(impl->postings_blob, VerifiedBlob::Open(storage, std::move(postings)));
  OCHRE_ASSIGN_OR_RETURN(impl->columns_blob, VerifiedBlob::Open(storage, std::move(columns)));
  OCHRE_ASSIGN_OR_RETURN(impl->postings, SortedTable::Open(*impl->postings_blob));
  OCHRE_ASSIGN_OR_RETURN(impl->columns, NumericColumns::Open(*impl->columns_blob, row_count));
  return std::unique_ptr<const InvertedIndex>(new InvertedIndex(std::move(impl)));
}

Result<Roaring> InvertedIndex::Equal(std::string_view key, const FilterScalar& value) const {
  if (value.is_number()) return impl_->columns->Compare(key, FilterOperator::kEqual, value);
  if (const bool* boolean = value.get_if<bool>()) {
    return impl_->Postings(MetadataTerm(TermKind::kBool, key, BoolValue(*boolean)));
  }
  return impl_->Postings(MetadataTerm(TermKind::kString, key, *value.get_if<std::string>()));
}

Result<Roaring> InvertedIndex::Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const {
  return impl_->columns->Compare(key, op, number);
}

Result<Roaring> InvertedIndex::ArrayContains(std::string_view key, const FilterScalar& element) const {
  if (const bool* boolean = element.get_if<bool>()) {
    return impl_->Postings(MetadataTerm(TermKind::kBoolElement, key, BoolValue(*boolean)));
  }
  if (const auto* text = element.get_if<std::string>()) {
    return impl_->Postings(MetadataTerm(TermKind::kStringElement, key, *text));
  }
  // Lists of integers and of doubles have terms of their own: a number that both types hold is looked up as either.
  Roaring rows;
  if (const auto integer = AsInt64(element); integer.has_value()) {
    OCHRE_ASSIGN_OR_RETURN(const Roaring equal,
                           impl_->Postings(MetadataTerm(TermKind::kInt64Element, key, Int64Value(*integer))));
    rows |= equal;
  }
  if (const auto number = AsDouble(element); number.has_value()) {
    OCHRE_ASSIGN_OR_RETURN(const Roaring equal,
                           impl_->Postings(MetadataTerm(TermKind::kDoubleElement, key, DoubleValue(*number))));
    rows |= equal;
  }
  return rows;
}

Result<Roaring> InvertedIndex::HasDocument() const { return impl_->Postings(HasDocumentTerm()); }

Result<std::optional<Roaring>> InvertedIndex::ContainsCandidates(std::string_view text) const {
  return impl_->RowsWithAll(TrigramsOf(FoldCase(text)));
}

Result<std::optional<Roaring>> InvertedIndex::LowerCaseCandidates(std::string_view atom) const {
  std::vector<uint32_t> trigrams = TrigramsOf(atom);
  trigrams.erase(std::remove_if(trigrams.begin(), trigrams.end(), [](uint32_t t) { return !IsAscii(t); }),
                 trigrams.end());
  return impl_->RowsWithAll(trigrams);
}

Status InvertedIndex::Verify() const {
  OCHRE_RETURN_IF_ERROR(impl_->postings_blob->Scrub());
  OCHRE_RETURN_IF_ERROR(impl_->columns_blob->Scrub());
  OCHRE_RETURN_IF_ERROR(impl_->postings->ForEach(
      [this](std::string_view, std::string_view value) { return impl_->Decode(value).status(); }));
  return impl_->columns->Verify();
}

}  // namespace ochre
