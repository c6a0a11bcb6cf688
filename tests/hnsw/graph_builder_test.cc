#include "hnsw/graph_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "distance/scan.h"
#include "hnsw/graph_search.h"
#include "tests/distance/coded_rows.h"
#include "tests/hnsw/built_graph.h"

namespace ochre {
namespace {

const std::atomic<bool> kNotCancelled = false;

// Rows, their codes, and graphs over them.
class CodedData {
 public:
  CodedData(const std::vector<float>& matrix, int32_t dimension, Space space)
      : rows_(matrix, dimension),
        quantizer_(Quantizer::Train(space, Quantization::kInt8, rows_.span())),
        codes_(quantizer_, rows_.span()) {}

  const RowsSpan& rows() const { return rows_.span(); }
  const CodesSpan& codes() const { return codes_.span(); }
  const Quantizer& quantizer() const { return quantizer_; }

  FlatGraph Build(const GraphBuildOptions& options = {}, const InheritedGraph* inherited = nullptr) const {
    Result<FlatGraph> graph = BuildGraph(quantizer_, codes(), options, inherited, kNotCancelled);
    EXPECT_TRUE(graph.ok()) << graph.status().ToString();
    return *std::move(graph);
  }

  // Of searches with `ef`, re-ranked; an answer as near as the 10th counts.
  double Recall(const HnswGraph& graph, const std::vector<float>& query_matrix, int64_t ef) const {
    std::vector<PreparedQuery> queries;
    std::vector<CodeQuery> code_queries;
    for (size_t at = 0; at < query_matrix.size(); at += static_cast<size_t>(rows().dimension)) {
      queries.emplace_back(quantizer_.space(), query_matrix.data() + at, rows().dimension);
      code_queries.push_back(quantizer_.Prepare(queries.back()));
    }
    const auto exact = ScanAll(queries, rows(), 10);
    const auto found = SearchGraphByCodes(graph, codes(), code_queries, {.k = 20, .ef = ef});
    int64_t hits = 0;
    for (size_t q = 0; q < queries.size(); ++q) {
      std::vector<uint32_t> candidates;
      for (const Neighbor& neighbor : found[q].neighbors) candidates.push_back(neighbor.ordinal);
      std::sort(candidates.begin(), candidates.end());
      const auto nearest = ScanCandidates({&queries[q], 1}, rows(), candidates, 10);
      for (const Neighbor& neighbor : nearest[0]) {
        hits += neighbor.distance <= exact[q].back().distance ? 1 : 0;
      }
    }
    return static_cast<double>(hits) / (10.0 * static_cast<double>(queries.size()));
  }

 private:
  AlignedRows rows_;
  Quantizer quantizer_;
  CodedRows codes_;
};

// A flat graph as a reader sees it.
class ParsedGraph {
 public:
  explicit ParsedGraph(const FlatGraph& flat) {
    BufferWriter writer;
    EXPECT_TRUE(AppendGraph(flat, writer).ok());
    bytes_ = std::make_unique<AlignedBytes>(writer.bytes());
    Result<HnswGraph> graph = HnswGraph::Parse(bytes_->span(), flat.row_count, "graph.bin");
    EXPECT_TRUE(graph.ok()) << graph.status().ToString();
    graph_ = std::make_unique<HnswGraph>(*std::move(graph));
  }
  const HnswGraph& operator*() const { return *graph_; }

 private:
  std::unique_ptr<AlignedBytes> bytes_;
  std::unique_ptr<HnswGraph> graph_;
};

bool IsSame(const FlatGraph& a, const FlatGraph& b) {
  return a.entry_point == b.entry_point && a.base_links == b.base_links &&
         std::equal(a.upper_layers.begin(), a.upper_layers.end(), b.upper_layers.begin(), b.upper_layers.end(),
                    [](const auto& x, const auto& y) { return x.members == y.members && x.links == y.links; });
}

// No node has a link to itself, or two to another.
void ExpectDistinctLinks(const HnswGraph& graph) {
  int64_t wrong = 0;
  for (uint32_t node = 0; node < graph.row_count(); ++node) {
    const std::span<const uint32_t> links = graph.Links(node);
    std::vector<uint32_t> others(links.begin(), links.end());
    others.push_back(node);
    std::sort(others.begin(), others.end());
    wrong += std::adjacent_find(others.begin(), others.end()) != others.end() ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0) << "nodes";
}

// A search with room for every row finds every row.
void ExpectAllReachable(const CodedData& data, const HnswGraph& graph) {
  const PreparedQuery query(data.quantizer().space(), data.rows().Row(0), data.rows().dimension);
  const CodeQuery code_query = data.quantizer().Prepare(query);
  const int64_t all = data.rows().row_count;
  const auto result = SearchGraphByCodes(graph, data.codes(), {&code_query, 1}, {.k = all, .ef = all});
  EXPECT_EQ(std::ssize(result[0].neighbors), all);
}

class GraphBuilderTest : public testing::TestWithParam<Space> {
 protected:
  static constexpr int32_t kDimension = 24;
  static constexpr int64_t kQueries = 200;

  // How much less recall chance may show between two equally good graphs, by 2,000 answers. Graphs of few links in
  // kInnerProduct differ more.
  static double LostMax() { return GetParam() == Space::kInnerProduct ? 0.1 : 0.03; }

  static std::vector<float> Floats(int64_t count, uint32_t seed) {
    return ClusteredFloats(count, kDimension, 40, seed);
  }
  // Takes kQueries rows off the end of `matrix`, which are drawn as the others are.
  static std::vector<float> TakeQueries(std::vector<float>& matrix) {
    const std::vector<float> queries(matrix.end() - kQueries * kDimension, matrix.end());
    matrix.resize(matrix.size() - kQueries * kDimension);
    return queries;
  }
};

INSTANTIATE_TEST_SUITE_P(Spaces, GraphBuilderTest, testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct));

TEST_P(GraphBuilderTest, SearchesFindAsMuchAsInAGraphOfHnswlibs) {
  std::vector<float> matrix = Floats(6'000 + kQueries, /*seed=*/1);
  const std::vector<float> queries = TakeQueries(matrix);
  const CodedData data(matrix, kDimension, GetParam());
  const ParsedGraph ours(data.Build({.max_neighbors = 8, .ef_construction = 60}));
  const BuiltGraph theirs(matrix, kDimension, {.space = GetParam(), .max_neighbors = 8, .ef_construction = 60});
  for (const int64_t ef : {20, 50, 100}) {
    EXPECT_GE(data.Recall(*ours, queries, ef), data.Recall(theirs.graph(), queries, ef) - LostMax()) << "ef " << ef;
  }
  ExpectAllReachable(data, *ours);
}

TEST_P(GraphBuilderTest, TheNumberOfThreadsDoesNotChangeTheGraph) {
  const CodedData data(Floats(3'000, /*seed=*/2), kDimension, GetParam());
  const FlatGraph one = data.Build({.max_neighbors = 6, .ef_construction = 40, .num_threads = 1});
  for (const int32_t threads : {2, 3, 8}) {
    EXPECT_TRUE(IsSame(data.Build({.max_neighbors = 6, .ef_construction = 40, .num_threads = threads}), one))
        << threads << " threads";
  }
}

// As many copies of as many vectors, in proportion, as of real corpora's worst: a tenth of all rows.
TEST_P(GraphBuilderTest, DuplicatesAreNoIslands) {
  std::vector<float> matrix = Floats(10'000 + kQueries, /*seed=*/3);
  const std::vector<float> queries = TakeQueries(matrix);
  for (size_t i = 0; i < 1'000; ++i) {  // 100 copies of each of 10 vectors, all over the rows
    std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(i % 10 * kDimension), kDimension,
                matrix.begin() + static_cast<std::ptrdiff_t>((10 + i * 9) * kDimension));
  }
  const CodedData data(matrix, kDimension, GetParam());
  const ParsedGraph graph(data.Build());
  ExpectAllReachable(data, *graph);
  ExpectDistinctLinks(*graph);
  const std::vector<float> copies(matrix.begin(), matrix.begin() + 10 * kDimension);
  // In kInnerProduct a vector is not its own nearest neighbour, and graphs of few links find less.
  EXPECT_GE(data.Recall(*graph, copies, 100), GetParam() == Space::kInnerProduct ? 0.9 : 0.99);
  EXPECT_GE(data.Recall(*graph, queries, 100), GetParam() == Space::kInnerProduct ? 0.9 : 0.99);
}

TEST_P(GraphBuilderTest, EqualRowsAreAllFound) {
  const std::vector<float> row = RandomFloats(kDimension, /*seed=*/5);
  for (const int32_t max_neighbors : {2, 16}) {
    std::vector<float> matrix;
    for (int i = 0; i < 700; ++i) matrix.insert(matrix.end(), row.begin(), row.end());
    const CodedData data(matrix, kDimension, GetParam());
    const ParsedGraph graph(data.Build({.max_neighbors = max_neighbors}));
    ExpectAllReachable(data, *graph);
    EXPECT_EQ(data.Recall(*graph, row, 20), 1.0);
  }
}

TEST_P(GraphBuilderTest, FewRowsMakeAGraphToo) {
  for (const int64_t count : {1, 2, 3, 10, 70}) {
    const CodedData data(Floats(count, /*seed=*/6), kDimension, GetParam());
    for (const int32_t max_neighbors : {2, 16}) {
      const ParsedGraph graph(data.Build({.max_neighbors = max_neighbors, .ef_construction = 1, .num_threads = 2}));
      EXPECT_EQ((*graph).row_count(), count);
      ExpectAllReachable(data, *graph);
    }
  }
}

TEST_P(GraphBuilderTest, ZeroVectorsAreReachable) {
  std::vector<float> matrix = Floats(500, /*seed=*/7);
  std::fill_n(matrix.begin(), 50 * kDimension, 0.0f);
  const CodedData data(matrix, kDimension, GetParam());
  ExpectAllReachable(data, *ParsedGraph(data.Build()));
}

// The first `old_count` rows' graph, of which every row is dead for which `is_dead`, grows by the rows after them.
class InheritedGraphTest : public GraphBuilderTest {
 protected:
  static constexpr uint32_t kOld = 5'000, kNew = 2'000;

  template <typename IsDead>
  void ExpectAsGoodAsFresh(const IsDead& is_dead) {
    std::vector<float> matrix = Floats(kOld + kNew + kQueries, /*seed=*/8);
    const std::vector<float> queries = TakeQueries(matrix);
    RepeatSomeRows(matrix);
    const CodedData old(std::vector<float>(matrix.begin(), matrix.begin() + kOld * kDimension), kDimension, GetParam());
    const ParsedGraph old_graph(old.Build({.max_neighbors = 8, .ef_construction = 60}));
    std::vector<uint32_t> row_of_node(kOld, kNoLink);
    std::vector<float> live;
    uint32_t row = 0;
    for (uint32_t i = 0; i < kOld + kNew; ++i) {
      if (i < kOld && is_dead(i)) continue;
      if (i < kOld) row_of_node[i] = row;
      const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(i) * kDimension;
      live.insert(live.end(), begin, begin + kDimension);
      ++row;
    }
    const CodedData data(live, kDimension, GetParam());
    const InheritedGraph inherited = {.graph = &*old_graph, .row_of_node = row_of_node};
    const GraphBuildOptions options = {.max_neighbors = 8, .ef_construction = 60};
    const FlatGraph grown_flat = data.Build(options, &inherited);
    GraphBuildOptions by_three = options;
    by_three.num_threads = 3;
    EXPECT_TRUE(IsSame(data.Build(by_three, &inherited), grown_flat));
    const ParsedGraph grown(grown_flat), fresh(data.Build(options));
    ExpectAllReachable(data, *grown);
    ExpectDistinctLinks(*grown);
    for (const int64_t ef : {20, 50, 100}) {
      EXPECT_GE(data.Recall(*grown, queries, ef), data.Recall(*fresh, queries, ef) - LostMax()) << "ef " << ef;
    }
  }

  // Every twentieth row repeats another one, some of them old, some new.
  static void RepeatSomeRows(std::vector<float>& matrix) {
    const size_t count = matrix.size() / kDimension;
    for (size_t i = 20; i < count; i += 20) {
      std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(i / 60 * kDimension), kDimension,
                  matrix.begin() + static_cast<std::ptrdiff_t>(i * kDimension));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Spaces, InheritedGraphTest, testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct));

TEST_P(InheritedGraphTest, AGrownGraphIsAsGoodAsAFreshOne) {
  ExpectAsGoodAsFresh([](uint32_t) { return false; });
}

TEST_P(InheritedGraphTest, WhereATenthIsDeadToo) {
  ExpectAsGoodAsFresh([](uint32_t row) { return row % 10 == 3; });
}

TEST_P(InheritedGraphTest, WhereAQuarterIsDeadToo) {
  ExpectAsGoodAsFresh([](uint32_t row) { return row % 4 == 0; });
}

TEST_P(InheritedGraphTest, WhereHalfIsDeadToo) {
  ExpectAsGoodAsFresh([](uint32_t row) { return row % 2 == 0; });
}

// So many that some of the others have lost all their links, but not the links to them.
TEST_P(InheritedGraphTest, WhereNineTenthsAreDeadToo) {
  ExpectAsGoodAsFresh([](uint32_t row) { return (row * 2'654'435'761u >> 16) % 10 != 0; });
}

TEST_P(InheritedGraphTest, WhereAllButAFewAreDeadToo) {
  ExpectAsGoodAsFresh([](uint32_t row) { return row % 1'000 != 7; });
}

TEST_P(InheritedGraphTest, NothingIsInheritedFromTheDead) {
  const CodedData data(Floats(1'000, /*seed=*/10), kDimension, GetParam());
  const ParsedGraph old_graph(data.Build());
  const std::vector<uint32_t> all_dead(1'000, kNoLink);
  const InheritedGraph inherited = {.graph = &*old_graph, .row_of_node = all_dead};
  EXPECT_TRUE(IsSame(data.Build({}, &inherited), data.Build()));
}

TEST(CancelledGraphBuildTest, ACancelledBuildEndsWithNothing) {
  const CodedData data(RandomFloats(1'000 * 8, /*seed=*/11), 8, Space::kL2);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(BuildGraph(data.quantizer(), data.codes(), {.num_threads = 2}, nullptr, cancelled).status().code(),
            StatusCode::kCancelled);
}

}  // namespace
}  // namespace ochre
