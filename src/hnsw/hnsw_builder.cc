#include "hnsw/hnsw_builder.h"

#include <cassert>
#include <exception>
#include <new>
#include <string_view>

// Our kernels replace hnswlib's, so its vector code is left out: it reads past the end of link lists to prefetch, and
// defines functions that would clash with another inclusion.
#define NO_MANUAL_VECTORIZATION
#include "distance/kernels.h"
#include "hnsw/flat_graph.h"
#include "hnsw/graph_format.h"
#include "hnsw/hnswlib_flatten.h"
#include "hnswlib/hnswlib.h"

namespace ochre {

namespace {

using Index = hnswlib::HierarchicalNSW<float>;

constexpr size_t kLevelSeed = 100;     // any number, but always the same: it decides the bytes of the graph
constexpr int64_t kRowsPerCheck = 16;  // rows between two looks at `cancelled`: a few milliseconds

// Lets hnswlib compare rows where they are, instead of keeping a copy of each beside its links: its "data" are empty,
// and the address of a node's data tells the row, because nodes and rows are in the same order.
class RowSpace : public hnswlib::SpaceInterface<float> {
 public:
  RowSpace(const RowsSpan& rows, Space space) : rows_(rows), space_(space) {}

  // Before any distance is asked for.
  void BindTo(const Index& index) {
    data_of_row_zero_ = index.data_level0_memory_ + index.offsetData_;
    node_bytes_ = index.size_data_per_element_;
    inverse_node_bytes_ = ~uint64_t{0} / node_bytes_ + 1;
  }

  const void* DataOfRow(int64_t row) const { return data_of_row_zero_ + static_cast<size_t>(row) * node_bytes_; }

  size_t get_data_size() override { return 0; }
  hnswlib::DISTFUNC<float> get_dist_func() override { return &Distance; }
  void* get_dist_func_param() override { return this; }

 private:
  static float Distance(const void* a, const void* b, const void* row_space) {
    const auto& self = *static_cast<const RowSpace*>(row_space);
    return DistanceBetweenRows(self.space_, self.RowOfData(a), self.RowOfData(b), self.rows_.dimension);
  }

  const float* RowOfData(const void* data) const {
    // The quotient of a multiple of node_bytes_, by multiplication: a division would cost as much as a short distance.
    // Exact, because the inverse in units of 2^-64 is too large by less than 1, so the product by less than row < 2^31
    // times node_bytes_ < 2^13, which is below 2^64.
    const auto offset = static_cast<uint64_t>(static_cast<const char*>(data) - data_of_row_zero_);
    const auto row = static_cast<int64_t>((static_cast<unsigned __int128>(offset) * inverse_node_bytes_) >> 64);
    assert(static_cast<uint64_t>(row) * node_bytes_ == offset);
    return rows_.Row(row);
  }

  RowsSpan rows_;
  Space space_;
  const char* data_of_row_zero_ = nullptr;
  size_t node_bytes_ = 0;
  uint64_t inverse_node_bytes_ = 0;  // ceil(2^64 / node_bytes_)
};

// Throws what hnswlib and the allocator throw.
Result<FlatGraph> Build(const RowsSpan& rows, const HnswBuildOptions& options, const std::atomic<bool>& cancelled) {
  RowSpace space(rows, options.space);
  Index index(&space, static_cast<size_t>(rows.row_count), static_cast<size_t>(options.max_neighbors),
              static_cast<size_t>(options.ef_construction), kLevelSeed);
  space.BindTo(index);
  for (int64_t row = 0; row < rows.row_count; ++row) {
    if (row % kRowsPerCheck == 0 && cancelled.load(std::memory_order_relaxed)) {
      return Status::Cancelled("building a graph was cancelled after ", row, " of ", rows.row_count, " rows");
    }
    index.addPoint(space.DataOfRow(row), static_cast<hnswlib::labeltype>(row));
  }
  return FlattenHnswlib(index);
}

Result<FlatGraph> BuildWithoutExceptions(const RowsSpan& rows, const HnswBuildOptions& options,
                                         const std::atomic<bool>& cancelled) {
  const auto out_of_memory = [&rows] {
    return Status::ResourceExhausted("not enough memory to build a graph of ", rows.row_count, " rows");
  };
  try {
    return Build(rows, options, cancelled);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::exception& error) {
    // How hnswlib reports that malloc failed.
    if (std::string_view(error.what()).starts_with("Not enough memory")) return out_of_memory();
    return Status::Internal("hnswlib failed to build a graph of ", rows.row_count, " rows: ", error.what());
  }
}

}  // namespace

Status BuildHnswGraph(const RowsSpan& rows, const HnswBuildOptions& options, const std::atomic<bool>& cancelled,
                      BlobWriter& writer) {
  assert(rows.row_count >= 1);
  assert(options.max_neighbors >= static_cast<int32_t>(kMaxNeighborsMin) &&
         options.max_neighbors <= static_cast<int32_t>(kMaxNeighborsMax) && options.ef_construction >= 1);
  if (rows.row_count > kGraphRowCountMax) {
    return Status::InvalidArgument("a graph has at most ", kGraphRowCountMax, " rows, not ", rows.row_count);
  }
  OCHRE_ASSIGN_OR_RETURN(FlatGraph graph, BuildWithoutExceptions(rows, options, cancelled));
  ConnectEveryRow(graph);
  return AppendGraph(graph, writer);
}

}  // namespace ochre
