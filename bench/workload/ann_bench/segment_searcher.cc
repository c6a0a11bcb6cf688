#include "bench/workload/ann_bench/segment_searcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "distance/code_scan.h"
#include "distance/scan.h"
#include "hnsw/graph_search.h"

namespace ochre {
namespace {

class CoreEngine : public Engine {
 public:
  explicit CoreEngine(std::unique_ptr<const SegmentSearcher> searcher, Space space)
      : searcher_(std::move(searcher)), space_(space) {}

  void SetKnob(double knob) override { ef_ = static_cast<int64_t>(knob); }

  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found) override {
    return Search(queries, k, found, nullptr);
  }

  std::optional<double> DistancesPerQuery(const MatrixSpan& queries, int64_t k) override {
    std::vector<uint32_t> found(static_cast<size_t>(queries.rows() * k));
    int64_t distances = 0;
    if (!Search(queries, k, found, &distances).ok() || queries.rows() == 0) return std::nullopt;
    return static_cast<double>(distances) / static_cast<double>(queries.rows());
  }

  void Settle() override {
    if (const auto index = searcher_->segment().IndexOfVectors(); index.ok()) index.value()->WaitUntilCopied();
  }

 private:
  Status Search(const MatrixSpan& queries, int64_t k, std::span<uint32_t> found, int64_t* distances) const {
    std::fill(found.begin(), found.end(), kNoRow);
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const PreparedQuery query(space_, queries.Row(q), static_cast<int32_t>(queries.columns));
      OCHRE_ASSIGN_OR_RETURN(const SegmentSearcher::Found nearest, searcher_->SearchGraph(query, k, ef_));
      if (distances != nullptr) *distances += nearest.distances;
      for (size_t i = 0; i < nearest.neighbors.size(); ++i) {
        found[static_cast<size_t>(q * k) + i] = nearest.neighbors[i].ordinal;
      }
    }
    return Status::Ok();
  }

  const std::unique_ptr<const SegmentSearcher> searcher_;
  const Space space_;
  int64_t ef_ = 100;
};

Result<std::unique_ptr<Engine>> OpenCore(const std::filesystem::path& path, const IndexOptions& options) {
  OCHRE_ASSIGN_OR_RETURN(auto searcher, SegmentSearcher::Open(path));
  return std::unique_ptr<Engine>(std::make_unique<CoreEngine>(std::move(searcher), options.space));
}

}  // namespace

Result<std::unique_ptr<const SegmentSearcher>> SegmentSearcher::Open(const std::filesystem::path& database) {
  std::unique_ptr<SegmentSearcher> searcher(new SegmentSearcher(database));
  OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> names, searcher->storage_.List("segments"));
  const std::optional<SegmentId> id = names.size() == 1 ? SegmentId::Parse(names.front()) : std::nullopt;
  if (!id.has_value()) {
    return Status::FailedPrecondition(database.string(), " has ", names.size(), " segments, and not one");
  }
  OCHRE_ASSIGN_OR_RETURN(searcher->segment_, Segment::Open(searcher->storage_, *id));
  if (!searcher->segment_->has_graph()) {
    return Status::FailedPrecondition(database.string(), " is too small to have a graph");
  }
  OCHRE_ASSIGN_OR_RETURN(searcher->index_, searcher->segment_->IndexOfVectors());
  return std::unique_ptr<const SegmentSearcher>(std::move(searcher));
}

Result<SegmentSearcher::Found> SegmentSearcher::SearchGraph(const PreparedQuery& query, int64_t k, int64_t ef,
                                                            std::span<const uint64_t> allowed) const {
  const VectorIndex::Parts& parts = index_->parts();
  GraphSearchOptions options = {.k = k, .ef = std::max(ef, k), .allowed = allowed};
  if (!has_codes()) {
    OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, segment_->Rows());
    GraphSearchResult result = ochre::SearchGraph(*parts.graph, rows, query, options);
    return Found{.neighbors = std::move(result.neighbors), .distances = result.distances};
  }
  options.k = RerankCount(parts.codes.quantization, k);
  const float reach = allowed.empty() ? index_->calibration().ReachForEf(options.ef) : 0;
  options.ef = std::max(options.ef, options.k);
  if (reach > 0) {
    options.reach = reach;
    options.reach_k = std::max<int64_t>(k, 10);  // as many as it was calibrated with
    options.ef = std::max(kReachCandidatesMax, 4 * options.k);
  }
  const CodeQuery code_query = index_->quantizer().Prepare(query);
  const GraphSearchResult result = SearchGraphByCodes(*parts.graph, parts.codes, {&code_query, 1}, options)[0];
  if (result.neighbors.empty()) return Found{.neighbors = {}, .distances = result.distances};
  const auto kth = static_cast<size_t>(std::min(k, std::ssize(result.neighbors)) - 1);
  const float farthest = code_query.LikelyReach(result.neighbors[kth].distance, index_->bounds());
  std::vector<uint32_t> ordinals;
  for (const Neighbor& neighbor : result.neighbors) {
    if (neighbor.distance <= farthest || std::ssize(ordinals) < k) ordinals.push_back(neighbor.ordinal);
  }
  std::sort(ordinals.begin(), ordinals.end());
  OCHRE_ASSIGN_OR_RETURN(std::vector<Neighbor> nearest, ScanRows(query, ordinals, k));
  return Found{.neighbors = std::move(nearest), .distances = result.distances};
}

Result<std::vector<Neighbor>> SegmentSearcher::ScanRows(const PreparedQuery& query, std::span<const uint32_t> ordinals,
                                                        int64_t k) const {
  OCHRE_ASSIGN_OR_RETURN(const VectorFile* vectors, segment_->Vectors());
  OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, vectors->RowsWith(ordinals));
  return std::move(ScanCandidates({&query, 1}, rows, ordinals, k).front());
}

Result<std::vector<Neighbor>> SegmentSearcher::ScanCodes(const PreparedQuery& query, std::span<const uint32_t> ordinals,
                                                         int64_t k) const {
  const CodeQuery code_query = index_->quantizer().Prepare(query);
  const auto kept = ScanCandidateCodes({&code_query, 1}, index_->parts().codes, index_->bounds(), ordinals, k);
  return ScanRows(query, kept.front(), k);
}

const EngineKind kOchreCore = {.name = "ochre_core", .build = nullptr, .open = OpenCore};

}  // namespace ochre
