// The targets that are files of a segment, and the index files of hnswlib.
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hnsw/hnsw_graph.h"
#include "inverted/numeric_columns.h"
#include "ochre/hnswlib.h"
#include "segment/calibration_file.h"
#include "segment/code_file.h"
#include "segment/deletion_bitmap.h"
#include "segment/id_table.h"
#include "segment/manifest.h"
#include "segment/record_store.h"
#include "segment/vector_file.h"
#include "storage/block_checksums.h"
#include "storage/verified_blob.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/fuzz/memory_file.h"
#include "tests/hnsw/buffer_writer.h"
#include "types/bytes.h"
#include "types/dimension.h"

namespace ochre {
namespace {

constexpr int64_t kRowCountMax = std::numeric_limits<uint32_t>::max();  // as manifests allow

class BytesBlob : public Blob {
 public:
  explicit BytesBlob(std::string_view bytes) : bytes_(std::as_bytes(std::span(bytes))) {}
  std::span<const std::byte> bytes() const override { return const_cast<AlignedBytes&>(bytes_).span(); }

 private:
  AlignedBytes bytes_;
};

// A storage that consists of one blob.
class OneBlob : public Storage {
 public:
  explicit OneBlob(std::string_view bytes) : blob_(std::make_shared<BytesBlob>(bytes)) {}
  Result<std::shared_ptr<const Blob>> Map(std::string_view) const override { return blob_; }
  Result<std::unique_ptr<BlobWriter>> Create(std::string_view) override { return Status::Internal("read only"); }
  Result<std::vector<std::string>> List(std::string_view) const override { return std::vector<std::string>(); }
  Status DeleteFolder(std::string_view) override { return Status::Internal("read only"); }
  Status SyncFolder(std::string_view) override { return Status::Ok(); }

 private:
  std::shared_ptr<const Blob> blob_;
};

// The input as a blob whose checksums are right, however its bytes were changed.
std::unique_ptr<const VerifiedBlob> Sealed(std::string_view input) {
  BlockChecksums checksums;
  checksums.Append(std::as_bytes(std::span(input)));
  auto blob = VerifiedBlob::Open(OneBlob(input),
                                 {.name = "file", .length = input.size(), .block_checksums = checksums.Finish()});
  Require(blob.ok(), "bytes with their checksums are a blob", input);
  return *std::move(blob);
}

// The number that the file has at `offset`, so that it fits the manifest's as often as the fuzzer leaves it alone;
// where it is none that a manifest may have, 3.
template <typename T>
int64_t NumberAt(std::string_view input, size_t offset, int64_t max) {
  if (input.size() < offset + sizeof(T)) return 3;
  const auto number = LoadRaw<T>(input, offset);
  return number >= 1 && number <= static_cast<uint64_t>(max) ? static_cast<int64_t>(number) : 3;
}

void RequireFileError(const Status& status, std::string_view input) {
  Require(status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kFailedPrecondition,
          "a refusal is DataLoss, or FailedPrecondition of a newer version", input);
}

// Reads every byte, so that a sanitizer sees it.
void Touch(std::span<const std::byte> bytes) {
  volatile uint64_t sink = XXH3_64bits(bytes.data(), bytes.size());
  (void)sink;
}
void Touch(std::string_view text) { Touch(std::as_bytes(std::span(text))); }

void ParseManifest(const std::string& bytes, std::string_view input) {
  const auto manifest = Manifest::Parse(std::as_bytes(std::span(bytes)), "SEGMENT");
  if (!manifest.ok()) return RequireFileError(manifest.status(), input);
  Require(manifest->row_count >= 1 && manifest->dimension >= 1, "a segment has a shape", input);
  const std::string written = manifest->Serialize();
  const auto again = Manifest::Parse(std::as_bytes(std::span(written)), "SEGMENT");
  Require(again.ok() && again->row_count == manifest->row_count && again->dimension == manifest->dimension &&
              again->space == manifest->space && again->identity == manifest->identity &&
              again->files == manifest->files,
          "a written manifest reads back as it was", input);
}

}  // namespace

void FuzzManifest(std::string_view input) {
  ParseManifest(std::string(input), input);
  if (input.size() < sizeof(uint64_t)) return;
  std::string bytes(input.substr(0, input.size() - sizeof(uint64_t)));
  AppendRaw(bytes, static_cast<uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  ParseManifest(bytes, input);
}

void FuzzIds(std::string_view input) {
  const auto blob = Sealed(input);
  const auto row_count = NumberAt<uint64_t>(input, 16, kRowCountMax);
  const auto opened = IdTable::Open(*blob, row_count);
  if (!opened.ok()) return RequireFileError(opened.status(), input);
  const IdTable& table = **opened;
  const bool is_whole = table.Verify("file").ok();
  OffsetId last{0};
  for (uint32_t row = 0; row < row_count; ++row) {
    const Ordinal ordinal{row};
    Touch(table.Id(ordinal));
    Require(row == 0 || table.offset_id(ordinal) > last, "offset ids ascend", input);
    last = table.offset_id(ordinal);
    const auto found = table.Find(table.Id(ordinal));
    Require(!found.has_value() || table.Id(*found) == table.Id(ordinal), "what is found has the id", input);
    if (is_whole) Require(found == ordinal, "a verified table finds every row", input);
  }
  const auto absent = table.Find("an id that is hardly there");
  Require(!absent.has_value() || table.Id(*absent) == "an id that is hardly there", "what is found has the id", input);
}

void FuzzRecords(std::string_view input) {
  const auto blob = Sealed(input);
  const auto row_count = NumberAt<uint64_t>(input, 16, kRowCountMax);
  const auto store = RecordStore::Open(*blob, row_count);
  if (!store.ok()) return RequireFileError(store.status(), input);
  bool is_whole = true;
  for (uint32_t row = 0; row < row_count; ++row) {
    store->PrefetchRow(Ordinal{row});
    const auto record = store->Read(Ordinal{row});
    if (!record.ok()) {
      is_whole = false;
      RequireFileError(record.status(), input);
      continue;
    }
    Touch(record->document.value_or(std::string_view()));
    Touch(record->uri.value_or(std::string_view()));
    if (!record->metadata.Validate().ok()) is_whole = false;
    (void)DecodeMetadata(record->metadata);
  }
  Require(store->Verify().ok() == is_whole, "what is verified is what is read", input);
}

void FuzzVectors(std::string_view input) {
  const auto blob = Sealed(input);
  const auto row_count = NumberAt<uint64_t>(input, 16, kRowCountMax);
  const auto dimension = static_cast<int32_t>(NumberAt<uint32_t>(input, 12, kDimensionMax));
  const auto file = VectorFile::Open(*blob, row_count, dimension);
  if (!file.ok()) return RequireFileError(file.status(), input);
  const auto rows = file->Rows();
  Require(rows.ok(), "verified bytes are rows", input);
  for (uint32_t row = 0; row < row_count; ++row) {
    const auto one = file->Row(Ordinal{row});
    const std::vector<uint32_t> ordinals = {row};
    Require(one.ok() && *one == rows->Row(row) && file->RowsWith(ordinals).ok(), "each row is one of all", input);
    Touch(std::as_bytes(std::span(*one, static_cast<size_t>(RowStride(dimension)))));
  }
}

void FuzzCodes(std::string_view input) {
  const auto blob = Sealed(input);
  const auto row_count = NumberAt<uint64_t>(input, 16, kRowCountMax);
  const auto dimension = static_cast<int32_t>(NumberAt<uint32_t>(input, 24, kDimensionMax));
  for (const Space space : {Space::kL2, Space::kCosine, Space::kInnerProduct}) {
    const auto file = CodeFile::Open(*blob, space, row_count, dimension);
    if (!file.ok()) {
      RequireFileError(file.status(), input);
      continue;
    }
    Require(file->quantizer.mean().size() == static_cast<size_t>(dimension), "a mean has every dimension", input);
    Touch({file->codes.data, static_cast<size_t>(row_count * file->codes.stride())});
  }
}

void FuzzCalibration(std::string_view input) {
  const auto blob = Sealed(input);
  for (const Space space : {Space::kL2, Space::kInnerProduct}) {
    const auto calibration = ReadCalibration(*blob, space);
    if (!calibration.ok()) {
      RequireFileError(calibration.status(), input);
      continue;
    }
    for (const auto* points : {&calibration->by_ef, &calibration->by_reach}) {
      for (size_t i = 0; i < points->size(); ++i) {
        const Calibration::Point point = (*points)[i];
        Require(point.knob >= 1 && point.recall >= 0 && point.recall <= 1, "points are in their ranges", input);
        Require(i == 0 || point.knob > (*points)[i - 1].knob, "knobs ascend", input);
      }
    }
  }
}

void FuzzGraph(std::string_view input) {
  AlignedBytes bytes(std::as_bytes(std::span(input)));
  const auto row_count = NumberAt<uint64_t>(input, 16, kRowCountMax);
  const auto graph = HnswGraph::Parse(bytes.span(), row_count, "graph.bin");
  if (!graph.ok()) return RequireFileError(graph.status(), input);
  Require(graph->row_count() == row_count && graph->entry_point() < row_count, "an entry point is a node", input);
  for (uint32_t node = 0; node < row_count; ++node) {
    for (const uint32_t link : graph->Links(node)) Require(link < row_count, "a link is a node", input);
    for (int32_t level = 1; level <= graph->max_level(); ++level) {
      for (const uint32_t link : graph->UpperLinks(node, level)) Require(link < row_count, "a link is a node", input);
    }
  }
  for (int32_t level = 1; level <= graph->max_level(); ++level) {
    const auto members = graph->UpperMembers(level);
    Require(!members.empty() && members.back() < row_count, "a member is a node", input);
  }
}

void FuzzColumns(std::string_view input) {
  constexpr int64_t kRowCount = 100;  // columns.bin has no row count of its own
  const auto blob = Sealed(input);
  const auto opened = NumericColumns::Open(*blob, kRowCount);
  if (!opened.ok()) return RequireFileError(opened.status(), input);
  const NumericColumns& columns = **opened;
  const bool is_whole = columns.Verify().ok();
  for (const char* key : {"n", "year", "score"}) {  // those of the corpus
    for (const FilterScalar& number : {FilterScalar(3), FilterScalar(2.5), FilterScalar(-1e300)}) {
      std::vector<Roaring> rows;
      for (const FilterOperator op : {FilterOperator::kLess, FilterOperator::kEqual, FilterOperator::kGreater,
                                      FilterOperator::kLessEqual, FilterOperator::kGreaterEqual}) {
        auto found = columns.Compare(key, op, number);
        if (!found.ok()) {
          RequireFileError(found.status(), input);
          Require(!is_whole, "verified columns are read", input);
          continue;
        }
        Require(found->isEmpty() || found->maximum() < kRowCount, "what matches is a row", input);
        rows.push_back(*std::move(found));
      }
      if (!is_whole) continue;
      Require((rows[0] | rows[1]) == rows[3], "<= is < or =", input);
      Require((rows[2] | rows[1]) == rows[4], ">= is > or =", input);
    }
  }
}

void FuzzDeletionBitmap(std::string_view input) {
  for (const int64_t row_count : {int64_t{1'000}, int64_t{200'000}, kRowCountMax}) {
    const auto bitmap = DeletionBitmap::Deserialize(input, row_count);
    if (!bitmap.ok()) {
      Require(bitmap.status().code() == StatusCode::kDataLoss, "a refusal is DataLoss", input);
      continue;
    }
    Require(bitmap->Verify().ok(), "what is read is valid", input);
    const auto count = static_cast<uint64_t>(bitmap->deleted_count());
    if (count > 1'000'000) continue;  // runs say in 4 bytes what would take minutes to walk
    std::vector<uint32_t> ordinals(count);
    bitmap->deleted().toUint32Array(ordinals.data());
    Require(std::is_sorted(ordinals.begin(), ordinals.end()) &&
                std::adjacent_find(ordinals.begin(), ordinals.end()) == ordinals.end(),
            "a bitmap has each row once", input);
    const std::string written = bitmap->Serialize();
    const auto again = DeletionBitmap::Deserialize(written, row_count);
    Require(again.ok() && again->deleted() == bitmap->deleted(), "a written bitmap reads back as it was", input);
    if (row_count > 1'000) continue;
    Require(static_cast<int64_t>(bitmap->Live().cardinality()) == bitmap->live_count(), "the others live", input);
  }
}

void FuzzHnswlibFile(std::string_view input) {
  const auto index = ReadHnswlibIndex(MemoryFileOf(input));
  if (!index.ok()) return RequireFileError(index.status(), input);
  Require(index->dimension >= 1 && index->values.size() == index->labels.size() * static_cast<size_t>(index->dimension),
          "each label has a vector", input);
  Touch(std::as_bytes(std::span(index->values)));
}

}  // namespace ochre
