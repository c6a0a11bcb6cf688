// Ochre as an engine, through its public API.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_OCHRE_ENGINE_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_OCHRE_ENGINE_H_

#include <filesystem>
#include <functional>
#include <memory>

#include "bench/workload/ann_bench/engine.h"
#include "ochre/ochre.h"

namespace ochre {

// Knob: ef_search. An index is a database with one collection that is compacted fully; ids are row numbers. The build
// is the compaction: the log has the records by then, as it has in use.
extern const EngineKind kOchre;

// An open index, for what an Engine does not do.
struct OchreIndex {
  std::unique_ptr<Client> client;
  Collection collection;
};
Result<OchreIndex> OpenOchreIndex(const std::filesystem::path& path);

// A further engine on an open index, which must outlive it. Knob: target_recall.
std::unique_ptr<Engine> SearchByTargetRecall(const OchreIndex& index);
// Knob: ef_search. So many threads share each call's queries (QueryRequest::num_threads).
std::unique_ptr<Engine> SearchByEf(const OchreIndex& index, int32_t num_threads);

// Asks `collection` and gives the rows of the ids in the answer.
Status QueryRows(const Collection& collection, const QueryRequest& request, std::span<uint32_t> found);

// What metadata the records of an index with_metadata have: the row's place in a random order, and in the order of
// distance to the first query; both in [0, rows). filter_bench.h makes conditions of them.
inline constexpr const char* kRandomKey = "random";
inline constexpr const char* kNearKey = "near";
using MetadataOfRow = std::function<Metadata(int64_t row)>;

// As kOchre.build does, with metadata.
Result<double> BuildOchre(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                          const std::filesystem::path& path, const MetadataOfRow& metadata);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_OCHRE_ENGINE_H_
