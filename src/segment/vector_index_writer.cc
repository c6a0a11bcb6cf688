#include "segment/vector_index_writer.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "distance/codes.h"
#include "hnsw/calibration.h"
#include "hnsw/flat_graph.h"
#include "hnsw/graph_builder.h"
#include "hnsw/hnsw_builder.h"
#include "hnsw/hnsw_graph.h"
#include "segment/calibration_file.h"
#include "segment/code_file.h"
#include "segment/manifest.h"
#include "storage/huge_buffer.h"
#include "storage/verified_blob.h"
#include "types/collection_configuration.h"

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
  const float norm_max = bounds.norm + bounds.error;
  if (space == Space::kL2 && norm_max > 0 && norm_max < kCodedNormMin) return std::optional<EncodedRows>();
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
                                               const HnswConfiguration& configured, const GraphHeritage& heritage,
                                               int32_t threads, const std::atomic<bool>& cancelled) {
  const HnswConfiguration hnsw = AsUsed(configured);
  IndexWriter writer(storage, folder);
  if (rows.row_count < kCodesRowsMin) return writer.files();
  const bool wants_graph = rows.row_count >= kGraphRowsMin;
  std::optional<EncodedRows> int8, lvq4;  // graphs are built over int8 codes, whichever are searched
  if (hnsw.quantization == Quantization::kInt8 || (hnsw.quantization == Quantization::kLvq4 && wants_graph)) {
    OCHRE_ASSIGN_OR_RETURN(int8, Encode(rows, hnsw.space, Quantization::kInt8, cancelled));
  }
  if (hnsw.quantization == Quantization::kLvq4) {
    OCHRE_ASSIGN_OR_RETURN(lvq4, Encode(rows, hnsw.space, Quantization::kLvq4, cancelled));
  }
  const std::optional<EncodedRows>& served = hnsw.quantization == Quantization::kLvq4 ? lvq4 : int8;
  if (served.has_value()) {
    OCHRE_RETURN_IF_ERROR(writer.Write(kCodesName, [&](BlobWriter& file) {
      return AppendCodes(served->quantizer, served->codes, served->bounds, file);
    }));
  }
  if (!wants_graph) return writer.files();
  OCHRE_RETURN_IF_ERROR(writer.Write(kGraphName, [&](BlobWriter& file) -> Status {
    if (!int8.has_value()) {
      const HnswBuildOptions options = {
          .space = hnsw.space, .max_neighbors = hnsw.max_neighbors, .ef_construction = hnsw.ef_construction};
      return BuildHnswGraph(rows, options, cancelled, file);
    }
    const GraphBuildOptions options = {
        .max_neighbors = hnsw.max_neighbors, .ef_construction = hnsw.ef_construction, .num_threads = threads};
    // Only a graph with as many links a node is of use.
    const bool inherits = heritage.graph != nullptr && heritage.graph->max_neighbors() == hnsw.max_neighbors;
    const InheritedGraph inherited = {.graph = heritage.graph, .row_of_node = heritage.row_of_node};
    OCHRE_ASSIGN_OR_RETURN(const FlatGraph flat, BuildGraph(int8->quantizer, int8->codes, options,
                                                            inherits ? &inherited : nullptr, cancelled));
    return AppendGraph(flat, file);
  }));
  if (!served.has_value()) return writer.files();
  OCHRE_ASSIGN_OR_RETURN(const auto graph_blob, VerifiedBlob::Open(storage, writer.files().back()));
  OCHRE_ASSIGN_OR_RETURN(const auto graph_bytes, graph_blob->ReadAll());
  OCHRE_ASSIGN_OR_RETURN(const HnswGraph graph, HnswGraph::Parse(graph_bytes, rows.row_count, graph_blob->name()));
  OCHRE_ASSIGN_OR_RETURN(const Calibration calibration,
                         Calibrate(graph, rows, served->quantizer, served->codes, served->bounds, cancelled));
  OCHRE_RETURN_IF_ERROR(
      writer.Write(kCalibrationName, [&](BlobWriter& file) { return AppendCalibration(calibration, file); }));
  return writer.files();
}

}  // namespace ochre
