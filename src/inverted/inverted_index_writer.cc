#include "inverted/inverted_index_writer.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <unordered_map>
#include <utility>

#include "inverted/fold_case.h"
#include "inverted/numeric_columns.h"
#include "inverted/posting_list.h"
#include "inverted/term.h"
#include "inverted/trigram_postings.h"
#include "storage/sorted_table.h"

namespace ochre {

struct InvertedIndexWriter::Impl {
  void AddTerm(TermKind kind, std::string_view key, std::string_view value, uint32_t ordinal) {
    terms[MetadataTerm(kind, key, value)].Add(ordinal);
  }
  void AddEntry(const EncodedMetadata::Entry& entry, uint32_t ordinal);
  void AddDocument(std::string_view document, uint32_t ordinal);

  std::unordered_map<std::string, PostingList> terms;
  TrigramPostings trigrams;
  PostingList has_document;
  NumericColumnsWriter columns;
};

void InvertedIndexWriter::Impl::AddEntry(const EncodedMetadata::Entry& entry, uint32_t ordinal) {
  switch (entry.type) {
    case MetadataType::kNull:
    case MetadataType::kSparseVector:  // no condition concerns one
      break;
    case MetadataType::kBool:
      AddTerm(TermKind::kBool, entry.key, BoolValue(entry.AsBool()), ordinal);
      break;
    case MetadataType::kInt64:
      columns.Add(entry.key, entry.AsInt64(), ordinal);
      break;
    case MetadataType::kDouble:
      columns.Add(entry.key, entry.AsDouble(), ordinal);
      break;
    case MetadataType::kString:
      AddTerm(TermKind::kString, entry.key, entry.payload, ordinal);
      break;
    case MetadataType::kBoolArray:
      for (size_t i = 0; i < entry.FixedCount(); ++i) {
        AddTerm(TermKind::kBoolElement, entry.key, BoolValue(entry.BoolAt(i)), ordinal);
      }
      break;
    case MetadataType::kInt64Array:
      for (size_t i = 0; i < entry.FixedCount(); ++i) {
        AddTerm(TermKind::kInt64Element, entry.key, Int64Value(entry.Int64At(i)), ordinal);
      }
      break;
    case MetadataType::kDoubleArray:
      for (size_t i = 0; i < entry.FixedCount(); ++i) {
        AddTerm(TermKind::kDoubleElement, entry.key, DoubleValue(entry.DoubleAt(i)), ordinal);
      }
      break;
    case MetadataType::kStringArray: {
      std::string_view rest = entry.payload;
      std::string_view element;
      while (EncodedMetadata::Entry::NextString(rest, element)) {
        AddTerm(TermKind::kStringElement, entry.key, element, ordinal);
      }
      break;
    }
  }
}

void InvertedIndexWriter::Impl::AddDocument(std::string_view document, uint32_t ordinal) {
  has_document.Add(ordinal);
  trigrams.Add(FoldCase(document), ordinal);
}

InvertedIndexWriter::InvertedIndexWriter() : impl_(std::make_unique<Impl>()) {}
InvertedIndexWriter::~InvertedIndexWriter() = default;

void InvertedIndexWriter::Add(Ordinal ordinal, EncodedMetadata metadata, std::optional<std::string_view> document) {
  std::string_view rest = metadata.bytes();
  EncodedMetadata::Entry entry;
  while (EncodedMetadata::Next(rest, entry)) impl_->AddEntry(entry, static_cast<uint32_t>(ordinal));
  if (document.has_value()) impl_->AddDocument(*document, static_cast<uint32_t>(ordinal));
}

Result<std::vector<BlobInfo>> InvertedIndexWriter::Finish(Storage& storage, std::string_view folder) {
  const std::string prefix = std::string(folder) + "/";
  impl_->terms[HasDocumentTerm()] = std::move(impl_->has_document);
  std::vector<std::pair<std::string_view, const PostingList*>> sorted;
  sorted.reserve(impl_->terms.size());
  for (const auto& [term, rows] : impl_->terms) sorted.emplace_back(term, &rows);
  std::sort(sorted.begin(), sorted.end());

  OCHRE_ASSIGN_OR_RETURN(const auto table, SortedTableWriter::Create(storage, prefix + "postings.sst"));
  for (const auto& [term, rows] : sorted) OCHRE_RETURN_IF_ERROR(table->Add(term, rows->ToRoaringBytes()));
  assert(sorted.empty() || sorted.back().first < TrigramTerm(0));  // 't' is the last of the kinds
  for (const auto& [trigram, rows] : impl_->trigrams.Sorted()) {
    OCHRE_RETURN_IF_ERROR(table->Add(TrigramTerm(trigram), rows->ToRoaringBytes()));
  }
  std::vector<BlobInfo> files;
  OCHRE_ASSIGN_OR_RETURN(BlobInfo postings, table->Finish());
  files.push_back(std::move(postings));
  OCHRE_ASSIGN_OR_RETURN(BlobInfo columns, impl_->columns.Finish(storage, prefix + "columns.bin"));
  files.push_back(std::move(columns));
  return files;
}

}  // namespace ochre
