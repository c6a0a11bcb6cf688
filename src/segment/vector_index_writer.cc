#include "segment/vector_index_writer.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "distance/codes.h"
#include "hnsw/calibration.h"
#include "hnsw/hnsw_builder.h"
#include "hnsw/hnsw_graph.h"
#include "segment/calibration_file.h"
#include "segment/code_file.h"
#include "segment/manifest.h"
#include "storage/huge_buffer.h"
#include "storage/verified_blob.h"

namespace ochre {
namespace {

constexpr int64_t kRowsPerCancelCheck = 1'024;  // a millisecond or less

// Codes of all rows, in memory.
struct EncodedRows {
  Quantizer quantizer;
  HugeBuffer memory;
  CodesSpan codes;
  CodeBounds bounds;
};

// Nullopt: codes cannot stand for these rows.
Result<std::optional<EncodedRows>> Encode(const RowsSpan& rows, Space space, Quantization quantization,
                                          const std::atomic<bool>& cancelled) {
  Quantizer quantizer = Quantizer::Train(space, quantization, rows);
  const auto stride = static_cast<size_t>(quantizer.stride());
  HugeBuffer memory(static_cast<size_t>(rows.row_count) * stride);
  if (memory.empty()) {
    return Status::ResourceExhausted("there is not enough memory for the codes of ", rows.row_count, " vectors");
  }
  std::byte* data = memory.bytes().data();
  CodeBounds bounds;
  for (int64_t row = 0; row < rows.row_count; ++row) {
    if (row % kRowsPerCancelCheck == 0 && cancelled.load(std::memory_order_relaxed)) {
      return Status::Cancelled("encoding vectors was cancelled after ", row, " of ", rows.row_count);
    }
    if (!quantizer.Encode(rows.Row(row), data + static_cast<size_t>(row) * stride, &bounds)) {
      return std::optional<EncodedRows>();
    }
  }
  return std::optional(EncodedRows{.quantizer = std::move(quantizer),
                                   .memory = std::move(memory),
                                   .codes = {data, rows.row_count, rows.dimension, quantization},
                                   .bounds = bounds});
}

// Writes the files one by one.
class IndexWriter {
 public:
  IndexWriter(Storage& storage, std::string_view folder) : storage_(storage), prefix_(std::string(folder) + "/") {}

  // `append(writer)` writes the file's bytes.
  template <typename AppendBytes>
  Status Write(std::string_view name, const AppendBytes& append) {
    OCHRE_ASSIGN_OR_RETURN(auto writer, storage_.Create(prefix_ + std::string(name)));
    OCHRE_RETURN_IF_ERROR(append(*writer));
    OCHRE_ASSIGN_OR_RETURN(BlobInfo file, writer->Finish());
    files_.push_back(std::move(file));
    return Status::Ok();
  }

  const std::vector<BlobInfo>& files() const { return files_; }

 private:
  Storage& storage_;
  const std::string prefix_;
  std::vector<BlobInfo> files_;
};

}  // namespace

Result<std::vector<BlobInfo>> WriteVectorIndex(Storage& storage, std::string_view folder, const RowsSpan& rows,
                                               const HnswConfiguration& hnsw, const std::atomic<bool>& cancelled) {
  IndexWriter writer(storage, folder);
  if (rows.row_count < kCodesRowsMin) return writer.files();
  std::optional<EncodedRows> encoded;
  if (hnsw.quantization != Quantization::kNone) {
    OCHRE_ASSIGN_OR_RETURN(encoded, Encode(rows, hnsw.space, hnsw.quantization, cancelled));
  }
  if (encoded.has_value()) {
    OCHRE_RETURN_IF_ERROR(writer.Write(kCodesName, [&](BlobWriter& file) {
      return AppendCodes(encoded->quantizer, encoded->codes, encoded->bounds, file);
    }));
  }
  if (rows.row_count < kGraphRowsMin) return writer.files();
  OCHRE_RETURN_IF_ERROR(writer.Write(kGraphName, [&](BlobWriter& file) {
    return BuildHnswGraph(
        rows, {.space = hnsw.space, .max_neighbors = hnsw.max_neighbors, .ef_construction = hnsw.ef_construction},
        cancelled, file);
  }));
  if (!encoded.has_value()) return writer.files();
  OCHRE_ASSIGN_OR_RETURN(const auto graph_blob, VerifiedBlob::Open(storage, writer.files().back()));
  OCHRE_ASSIGN_OR_RETURN(const auto graph_bytes, graph_blob->ReadAll());
  OCHRE_ASSIGN_OR_RETURN(const HnswGraph graph, HnswGraph::Parse(graph_bytes, rows.row_count, graph_blob->name()));
  const Calibration calibration = Calibrate(graph, rows, encoded->quantizer, encoded->codes, encoded->bounds);
  OCHRE_RETURN_IF_ERROR(
      writer.Write(kCalibrationName, [&](BlobWriter& file) { return AppendCalibration(calibration, file); }));
  return writer.files();
}

}  // namespace ochre
