#include "bench/workload/ann_bench/ochre_engine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <utility>

namespace ochre {
namespace {

constexpr const char* kCollection = "vectors";
constexpr int64_t kRowsPerAdd = 10'000;

class OchreEngine : public Engine {
 public:
  OchreEngine(Collection collection, bool by_target_recall, int32_t num_threads)
      : collection_(std::move(collection)), by_target_recall_(by_target_recall) {
    request_.num_threads = num_threads;
    request_.include = {.distances = true};
  }

  void SetKnob(double knob) override {
    if (by_target_recall_) {
      request_.target_recall = knob;
    } else {
      request_.ef_search = static_cast<int32_t>(knob);
    }
  }

  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) override {
    QueryRequest request = request_;
    request.embeddings = queries;
    request.n_results = k;
    return QueryRows(collection_, request, found);
  }

 private:
  const Collection collection_;
  const bool by_target_recall_;
  QueryRequest request_;
};

// Keeps this thread, and those that it starts, on so many cores: Client::Compact uses all that it may run on.
class OnCores {
 public:
  explicit OnCores(int32_t count) {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t cores;
    CPU_ZERO(&cores);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&cores) < count; ++core) {
      if (CPU_ISSET(core, &before_)) CPU_SET(core, &cores);
    }
    sched_setaffinity(0, sizeof(cores), &cores);
  }
  ~OnCores() { sched_setaffinity(0, sizeof(before_), &before_); }
  OnCores(const OnCores&) = delete;
  OnCores& operator=(const OnCores&) = delete;

 private:
  cpu_set_t before_;
};

// Keeps its database open.
class OwningEngine : public Engine {
 public:
  explicit OwningEngine(OchreIndex index) : index_(std::move(index)), engine_(SearchByEf(index_, /*num_threads=*/1)) {}

  void SetKnob(double knob) override { engine_->SetKnob(knob); }
  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) override {
    return engine_->Search(queries, k, found);
  }

 private:
  const OchreIndex index_;
  const std::unique_ptr<Engine> engine_;
};

Result<double> Build(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                     const std::filesystem::path& path) {
  return BuildOchre(rows, options, threads, path, nullptr);
}

Result<std::unique_ptr<Engine>> Open(const std::filesystem::path& path, const IndexOptions& /*options*/) {
  OCHRE_ASSIGN_OR_RETURN(OchreIndex index, OpenOchreIndex(path));
  return std::unique_ptr<Engine>(std::make_unique<OwningEngine>(std::move(index)));
}

}  // namespace

Status QueryRows(const Collection& collection, const QueryRequest& request, std::span<uint32_t> found) {
  std::fill(found.begin(), found.end(), kNoRow);
  OCHRE_ASSIGN_OR_RETURN(const QueryResult result, collection.Query(request));
  for (int64_t q = 0; q < result.query_count(); ++q) {
    for (int64_t i = 0; i < result.HitCount(q); ++i) {
      const std::string_view id = result.ids[static_cast<size_t>(result.Row(q, i))];
      std::from_chars(id.data(), id.data() + id.size(), found[static_cast<size_t>(q * request.n_results + i)]);
    }
  }
  return Status::Ok();
}

Result<double> BuildOchre(const MatrixSpan& rows, const IndexOptions& options, int32_t threads,
                          const std::filesystem::path& path, const MetadataOfRow& metadata) {
  ClientOptions client_options;
  client_options.durability = Durability::kNone;  // how it is loaded is measured elsewhere (local_bench)
  const OnCores cores(threads);
  // Nothing is compacted before all of it is there.
  client_options.tail_records_max = int64_t{1} << 40;
  client_options.tail_bytes_max = client_options.tail_bytes_slowdown = int64_t{1} << 50;
  client_options.aged_tail_records_min = int64_t{1} << 40;
  OCHRE_ASSIGN_OR_RETURN(const auto client, Client::Open(path, client_options));
  OCHRE_ASSIGN_OR_RETURN(Collection collection,
                         client->CreateCollection(kCollection, {.space = options.space,
                                                                .max_neighbors = options.max_neighbors,
                                                                .ef_construction = options.ef_construction,
                                                                .quantization = options.quantization}));
  for (int64_t first = 0; first < rows.rows(); first += kRowsPerAdd) {
    const int64_t last = std::min(first + kRowsPerAdd, rows.rows());
    std::vector<std::string> ids;
    std::vector<Metadata> metadatas;
    for (int64_t row = first; row < last; ++row) {
      ids.push_back(std::to_string(row));
      if (metadata) metadatas.push_back(metadata(row));
    }
    const auto values = rows.values.subspan(static_cast<size_t>(first * rows.columns),
                                            static_cast<size_t>((last - first) * rows.columns));
    OCHRE_RETURN_IF_ERROR(
        collection.Add({.ids = ids, .embeddings = {values, rows.columns}, .metadatas = metadatas}).status());
  }
  const auto start = std::chrono::steady_clock::now();
  OCHRE_RETURN_IF_ERROR(client->Compact(collection));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  OCHRE_RETURN_IF_ERROR(client->Close());
  return seconds.count();
}

Result<OchreIndex> OpenOchreIndex(const std::filesystem::path& path) {
  OCHRE_ASSIGN_OR_RETURN(auto client, Client::Open(path, {.create_if_missing = false}));
  OCHRE_ASSIGN_OR_RETURN(Collection collection, client->GetCollection(kCollection));
  return OchreIndex{.client = std::move(client), .collection = std::move(collection)};
}

std::unique_ptr<Engine> SearchByTargetRecall(const OchreIndex& index) {
  return std::make_unique<OchreEngine>(index.collection, /*by_target_recall=*/true, /*num_threads=*/1);
}

std::unique_ptr<Engine> SearchByEf(const OchreIndex& index, int32_t num_threads) {
  return std::make_unique<OchreEngine>(index.collection, /*by_target_recall=*/false, num_threads);
}

const EngineKind kOchre = {.name = "ochre", .build = Build, .open = Open};

}  // namespace ochre
