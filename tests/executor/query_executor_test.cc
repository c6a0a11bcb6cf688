#include "executor/query_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "distance/kernels.h"
#include "tests/support/ends_after.h"
#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kDimension = 16;
constexpr int kSegmentRows = 6'000;  // over kGraphRowsMin
constexpr int kTailRows = 100;
constexpr int kDeletedEvery = 50;

// Clustered vectors: a graph segment of kSegmentRows records, a tail of kTailRows. Every kDeletedEvery-th record was
// deleted since. Record i has id "i" and metadata permille = a random number in [0, 1000) and far = whether it is among
// the half of the records that are farthest from Query(0).
class RankedRecords {
 public:
  explicit RankedRecords(Quantization quantization) : database_({.quantization = quantization}) {
    for (int i = 0; i < kSegmentRows + kTailRows; ++i) rows_.push_back(Vector());
    for (int i = 0; i < 20; ++i) queries_.push_back(Vector());
    std::vector<float> distances;
    for (const std::vector<float>& row : rows_) distances.push_back(Distance(queries_[0], row));
    std::vector<float> sorted = distances;
    std::nth_element(sorted.begin(), sorted.begin() + std::ssize(sorted) / 2, sorted.end());
    const float median = sorted[sorted.size() / 2];

    const auto write = [&](int begin, int end) {
      std::vector<std::string> ids;
      std::vector<float> embeddings;
      std::vector<Metadata> metadatas;
      for (int i = begin; i < end; ++i) {
        const auto row = static_cast<size_t>(i);
        permille_.push_back(static_cast<int64_t>(random_() % 1000));
        far_.push_back(distances[row] > median);
        ids.push_back(std::to_string(i));
        embeddings.insert(embeddings.end(), rows_[row].begin(), rows_[row].end());
        metadatas.push_back({{"permille", permille_.back()}, {"far", bool{far_.back()}}});
      }
      database_.Write(OperationKind::kAdd,
                      {.ids = ids, .embeddings = {embeddings, kDimension}, .metadatas = metadatas});
    };
    write(0, kSegmentRows);
    database_.MoveTailToSegment();
    write(kSegmentRows, kSegmentRows + kTailRows);
    std::vector<std::string> deleted;
    for (int i = 0; i < kSegmentRows + kTailRows; i += kDeletedEvery) deleted.push_back(std::to_string(i));
    database_.Delete(deleted);
  }

  // Built once: the graph takes half a second.
  static RankedRecords& Shared(Quantization quantization = Quantization::kInt8) {
    static std::map<Quantization, RankedRecords> records;
    return records.try_emplace(quantization, quantization).first->second;
  }

  static float Distance(const std::vector<float>& a, const std::vector<float>& b) {
    return L2Squared(a.data(), b.data(), kDimension);
  }

  // The k nearest live records for which `matches(i)`, by definition.
  std::vector<std::string> Nearest(const std::vector<float>& query, size_t k,
                                   const std::function<bool(size_t)>& matches) const {
    std::vector<std::pair<float, size_t>> candidates;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (i % kDeletedEvery != 0 && matches(i)) candidates.emplace_back(Distance(query, rows_[i]), i);
    }
    std::sort(candidates.begin(), candidates.end());
    std::vector<std::string> ids;
    for (size_t i = 0; i < std::min(k, candidates.size()); ++i) ids.push_back(std::to_string(candidates[i].second));
    return ids;
  }

  QueryResult Query(std::span<const float> queries, int64_t k, const Filter& where, bool exact = false) {
    return Query(k, where, VectorRanking{.queries = {queries, kDimension}, .exact = exact});
  }

  QueryResult Query(int64_t k, const Filter& where, const VectorRanking& ranking) {
    LogicalPlan plan = {.collection = database_.collection,
                        .selection = {.ids = std::nullopt, .filter = Must(CompiledFilter::Compile(where))},
                        .ranking = ranking,
                        .limit = k,
                        .projection = {.distances = true}};
    return Must(QueryExecutor(database_.views).Query(plan));
  }

  // All queries, one after the other.
  std::vector<float> AllQueries() const {
    std::vector<float> all;
    for (const std::vector<float>& query : queries_) all.insert(all.end(), query.begin(), query.end());
    return all;
  }

  const std::vector<std::vector<float>>& queries() const { return queries_; }
  int64_t permille(size_t i) const { return permille_[i]; }
  bool is_far(size_t i) const { return far_[i]; }
  TestDatabase& database() { return database_; }

 private:
  std::vector<float> Vector() {
    if (centres_.empty()) {
      for (int i = 0; i < 50 * kDimension; ++i) centres_.push_back(3 * normal_(random_));
    }
    const size_t centre = random_() % 50;
    std::vector<float> vector;
    for (size_t i = 0; i < kDimension; ++i) vector.push_back(centres_[centre * kDimension + i] + normal_(random_));
    return vector;
  }

  std::mt19937_64 random_{42};
  std::normal_distribution<float> normal_;
  std::vector<float> centres_;
  std::vector<std::vector<float>> rows_, queries_;
  std::vector<int64_t> permille_;
  std::vector<bool> far_;
  TestDatabase database_;
};

std::vector<std::string> HitsOf(const QueryResult& result, int64_t query) {
  std::vector<std::string> ids;
  for (int64_t i = 0; i < result.HitCount(query); ++i) {
    ids.emplace_back(result.ids[static_cast<size_t>(result.Row(query, i))]);
  }
  return ids;
}

size_t CommonCount(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const std::set<std::string> set(a.begin(), a.end());
  return static_cast<size_t>(
      std::count_if(b.begin(), b.end(), [&](const std::string& id) { return set.contains(id); }));
}

struct FilterCase {
  std::string name;
  Filter where;
  std::function<bool(size_t)> matches;
};

std::vector<FilterCase> FilterCases(const RankedRecords& records = RankedRecords::Shared()) {
  std::vector<FilterCase> cases = {
      {"everything", Filter(), [](size_t) { return true; }},
      {"only records far from the first query", Key("far") == true, [&](size_t i) { return records.is_far(i); }},
      {"far from the first query, 1 in 10", Key("far") == true && Key("permille") < 100,
       [&](size_t i) { return records.is_far(i) && records.permille(i) < 100; }}};
  for (const int64_t permille : {1, 10, 100, 500, 900}) {
    cases.push_back({std::to_string(permille) + " per mille", Key("permille") < permille,
                     [&records, permille](size_t i) { return records.permille(i) < permille; }});
  }
  return cases;
}

class QueryByQuantizationTest : public testing::TestWithParam<Quantization> {};
INSTANTIATE_TEST_SUITE_P(Quantizations, QueryByQuantizationTest,
                         testing::Values(Quantization::kNone, Quantization::kInt8, Quantization::kLvq4));

TEST_P(QueryByQuantizationTest, AQueryFindsAllOfItsKResultsWhereThereAreSoMany) {
  RankedRecords& records = RankedRecords::Shared(GetParam());
  for (const FilterCase& filter_case : FilterCases(records)) {
    SCOPED_TRACE(filter_case.name);
    for (const int64_t k : {1, 10, 200}) {
      for (const std::vector<float>& query : records.queries()) {
        const std::vector<std::string> expected = records.Nearest(query, static_cast<size_t>(k), filter_case.matches);
        const QueryResult result = records.Query(query, k, filter_case.where);
        ASSERT_EQ(static_cast<size_t>(result.HitCount(0)), expected.size()) << "k " << k;
        EXPECT_TRUE(std::is_sorted(result.distances->begin(), result.distances->end()));
        for (const std::string& id : HitsOf(result, 0)) {
          const auto i = static_cast<size_t>(std::stoi(id));
          ASSERT_TRUE(filter_case.matches(i)) << id;
          ASSERT_NE(i % kDeletedEvery, 0u) << id << " was deleted";
        }
      }
    }
  }
}

TEST_P(QueryByQuantizationTest, RecallAtTenIsHighUnderEveryFilter) {
  RankedRecords& records = RankedRecords::Shared(GetParam());
  for (const FilterCase& filter_case : FilterCases(records)) {
    size_t found = 0, expected_count = 0;
    for (const std::vector<float>& query : records.queries()) {
      const std::vector<std::string> expected = records.Nearest(query, 10, filter_case.matches);
      found += CommonCount(expected, HitsOf(records.Query(query, 10, filter_case.where), 0));
      expected_count += expected.size();
    }
    EXPECT_GE(static_cast<double>(found), 0.95 * static_cast<double>(expected_count)) << filter_case.name;
  }
}

TEST_P(QueryByQuantizationTest, AnExactQueryIsTheBruteForceAnswer) {
  RankedRecords& records = RankedRecords::Shared(GetParam());
  for (const FilterCase& filter_case : FilterCases(records)) {
    for (const std::vector<float>& query : records.queries()) {
      const QueryResult result = records.Query(query, 25, filter_case.where, /*exact=*/true);
      EXPECT_EQ(HitsOf(result, 0), records.Nearest(query, 25, filter_case.matches)) << filter_case.name;
    }
  }
}

TEST_P(QueryByQuantizationTest, SeveralQueriesInOneCallAnswerAsSingleOnes) {
  RankedRecords& records = RankedRecords::Shared(GetParam());
  const std::vector<float> all = records.AllQueries();
  for (const FilterCase& filter_case : FilterCases(records)) {
    for (const bool exact : {false, true}) {
      const QueryResult together = records.Query(all, 10, filter_case.where, exact);
      ASSERT_EQ(together.query_count(), std::ssize(records.queries()));
      for (int64_t q = 0; q < together.query_count(); ++q) {
        const QueryResult single =
            records.Query(records.queries()[static_cast<size_t>(q)], 10, filter_case.where, exact);
        ASSERT_EQ(HitsOf(together, q), HitsOf(single, 0)) << filter_case.name << ", query " << q;
        for (int64_t i = 0; i < single.HitCount(0); ++i) {
          EXPECT_EQ((*together.distances)[static_cast<size_t>(together.Row(q, i))],
                    (*single.distances)[static_cast<size_t>(i)]);
        }
      }
    }
  }
}

TEST(QueryExecutorTest, TheNumberOfThreadsDoesNotChangeTheAnswer) {
  RankedRecords& records = RankedRecords::Shared();
  const std::vector<float> all = records.AllQueries();
  for (const FilterCase& filter_case : FilterCases()) {
    const QueryResult one = records.Query(10, filter_case.where, {.queries = {all, kDimension}});
    for (const int32_t threads : {0, 2, 3, 100}) {
      const QueryResult several =
          records.Query(10, filter_case.where, {.queries = {all, kDimension}, .num_threads = threads});
      ASSERT_EQ(several.query_count(), one.query_count());
      EXPECT_EQ(several.distances, one.distances) << filter_case.name << ", " << threads << " threads";
      for (int64_t q = 0; q < one.query_count(); ++q) ASSERT_EQ(HitsOf(several, q), HitsOf(one, q));
    }
  }
}

// As many as were asked for bound how far a segment is searched; fewer must not, however near.
TEST(QueryExecutorTest, ANearRecordInTheTailDoesNotChangeWhatIsFoundInASegment) {
  constexpr int64_t kResults = 10;
  RankedRecords records(Quantization::kInt8);
  records.database().MoveTailToSegment();
  for (size_t q = 1; q < records.queries().size(); ++q) {
    // Between clusters, where a search goes on for long; it ends by distance, as it has a recall to reach.
    std::vector<float> query = records.queries()[q];
    for (size_t i = 0; i < query.size(); ++i) query[i] = (query[i] + records.queries()[q - 1][i]) / 2;
    const VectorRanking ranking = {.queries = {query, kDimension}, .target_recall = 0.99};
    std::vector<std::string> expected = HitsOf(records.Query(kResults, Filter(), ranking), 0);
    expected.pop_back();
    expected.insert(expected.begin(), "near");
    records.database().Write(OperationKind::kAdd, {.ids = {"near"}, .embeddings = {query, kDimension}});
    EXPECT_EQ(HitsOf(records.Query(kResults, Filter(), ranking), 0), expected);
    records.database().Delete({"near"});
  }
}

TEST(QueryExecutorTest, ATargetRecallIsReached) {
  RankedRecords& records = RankedRecords::Shared();
  const std::vector<float> all = records.AllQueries();
  for (const double target : {0.5, 0.9, 0.99}) {
    for (const FilterCase& filter_case : FilterCases()) {
      const QueryResult result =
          records.Query(10, filter_case.where, {.queries = {all, kDimension}, .target_recall = target});
      size_t found = 0, expected_count = 0;
      for (int64_t q = 0; q < result.query_count(); ++q) {
        const auto expected = records.Nearest(records.queries()[static_cast<size_t>(q)], 10, filter_case.matches);
        found += CommonCount(expected, HitsOf(result, q));
        expected_count += expected.size();
      }
      EXPECT_GE(static_cast<double>(found), (target - 0.05) * static_cast<double>(expected_count))
          << target << ", " << filter_case.name;
    }
  }
}

TEST(QueryExecutorTest, AHugeNumberOfResultsReturnsAllRecordsAndNoMore) {
  RankedRecords& records = RankedRecords::Shared();
  const int64_t count = Must(QueryExecutor(records.database().views).Count(records.database().collection));
  EXPECT_EQ(count, kSegmentRows + kTailRows - (kSegmentRows + kTailRows) / kDeletedEvery);
  for (const bool exact : {false, true}) {
    // An allocation of this many hits would throw or be killed.
    const QueryResult result = records.Query(records.queries()[0], std::numeric_limits<int64_t>::max(), {}, exact);
    EXPECT_EQ(result.HitCount(0), count);
  }
}

TEST(QueryExecutorTest, DistancesAreThoseOfTheRecords) {
  RankedRecords& records = RankedRecords::Shared();
  const std::vector<float>& query = records.queries()[3];
  LogicalPlan plan = {.collection = records.database().collection,
                      .selection = {},
                      .ranking = VectorRanking{.queries = {query, kDimension}},
                      .limit = 20,
                      .projection = {.embeddings = true, .distances = true}};
  ASSERT_OK_AND_ASSIGN(const QueryResult result, QueryExecutor(records.database().views).Query(plan));
  ASSERT_EQ(result.HitCount(0), 20);
  for (int64_t i = 0; i < 20; ++i) {
    const std::span<const float> row = result.embeddings->Row(i);
    EXPECT_EQ((*result.distances)[static_cast<size_t>(i)],
              RankedRecords::Distance(query, std::vector<float>(row.begin(), row.end())));
  }
}

// Duplicates of one vector under ids in a scrambled order, in two segments and the tail.
TEST(QueryExecutorTest, TiesGoInOrderOfInsertionAcrossSegmentsAndTail) {
  TestDatabase database;
  std::vector<std::string> inserted;
  for (int i = 0; i < 60; ++i) {
    const std::string id = "id" + std::to_string(i * 37 % 60);
    inserted.push_back(id);
    database.Write(OperationKind::kAdd, {.ids = {id}, .embeddings = {std::vector<float>{1, 2}, 2}});
    if (i == 19 || i == 39) database.MoveTailToSegment();
  }
  // Moved to the tail without losing their places.
  database.Write(OperationKind::kUpdate, {.ids = {inserted[30], inserted[1]}, .documents = {"x", "y"}});
  const std::vector<float> query = {0, 0};
  for (const int64_t k : {1, 5, 25, 45, 60}) {
    for (const bool exact : {false, true}) {
      LogicalPlan plan = {.collection = database.collection,
                          .selection = {},
                          .ranking = VectorRanking{.queries = {query, 2}, .exact = exact},
                          .limit = k,
                          .projection = {}};
      ASSERT_OK_AND_ASSIGN(const QueryResult result, QueryExecutor(database.views).Query(plan));
      EXPECT_EQ(HitsOf(result, 0), std::vector<std::string>(inserted.begin(), inserted.begin() + k)) << k;
    }
  }
}

TEST(QueryExecutorTest, EverySpaceRanksByItsOwnDistance) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"near", "same direction", "long", "zero"},
                                       .embeddings = {std::vector<float>{1, 0.5, 4, 0, 9, 9, 0, 0}, 2}});
  const std::vector<float> query = {1, 0};
  const auto nearest_in = [&](Space space) {
    LogicalPlan plan = {.collection = database.collection,
                        .selection = {},
                        .ranking = VectorRanking{.queries = {query, 2}, .space = space},
                        .limit = 1,
                        .projection = {}};
    return HitsOf(Must(QueryExecutor(database.views).Query(plan)), 0);
  };
  for (int place = 0; place < 2; ++place) {
    EXPECT_THAT(nearest_in(Space::kL2), ElementsAre("near"));
    EXPECT_THAT(nearest_in(Space::kCosine), ElementsAre("same direction"));
    EXPECT_THAT(nearest_in(Space::kInnerProduct), ElementsAre("long"));
    if (place == 0) database.MoveTailToSegment();
  }
}

TEST(QueryExecutorTest, GetPagesThroughTheSelectionInOrderOfInsertion) {
  RankedRecords& records = RankedRecords::Shared();
  const auto get = [&](int64_t offset, int64_t limit) {
    LogicalPlan plan = {
        .collection = records.database().collection,
        .selection = {.ids = std::nullopt, .filter = Must(CompiledFilter::Compile(Key("permille") < 100))},
        .ranking = std::nullopt,
        .offset = offset,
        .limit = limit,
        .projection = {}};
    return Must(QueryExecutor(records.database().views).Ids(plan));
  };
  std::vector<std::string> expected;
  for (size_t i = 0; i < kSegmentRows + kTailRows; ++i) {
    if (i % kDeletedEvery != 0 && records.permille(i) < 100) expected.push_back(std::to_string(i));
  }
  std::vector<std::string> paged;
  for (int64_t offset = 0;; offset += 64) {
    const std::vector<std::string> page = get(offset, 64);
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
  }
  EXPECT_EQ(paged, expected);
  const Selection selection = {.ids = std::nullopt, .filter = Must(CompiledFilter::Compile(Key("permille") < 100))};
  EXPECT_EQ(Must(QueryExecutor(records.database().views).Count(records.database().collection, selection)),
            std::ssize(expected));
  EXPECT_THAT(get(0, 0), IsEmpty());
  EXPECT_THAT(get(1'000'000, 10), IsEmpty());
}

TEST(QueryExecutorTest, OnlyTheColumnsAskedForAreThere) {
  TestDatabase database;
  database.Write(OperationKind::kAdd, {.ids = {"a", "b"},
                                       .embeddings = {std::vector<float>{1, 2, 3, 4}, 2},
                                       .documents = std::vector<std::optional<std::string>>{"text", std::nullopt},
                                       .metadatas = {{}, {{"k", 1}}},
                                       .uris = std::vector<std::optional<std::string>>{std::nullopt, ""}});
  for (int place = 0; place < 2; ++place) {
    LogicalPlan plan = {.collection = database.collection,
                        .selection = {},
                        .ranking = std::nullopt,
                        .projection = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}};
    ASSERT_OK_AND_ASSIGN(const GetResult all, QueryExecutor(database.views).Get(plan));
    EXPECT_EQ(all.embeddings->values, (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(all.documents->Get(0), "text");
    EXPECT_EQ(all.documents->Get(1), std::nullopt);
    EXPECT_EQ(all.uris->Get(0), std::nullopt);
    EXPECT_EQ(all.uris->Get(1), "");
    EXPECT_EQ((*all.metadatas)[0], Metadata());
    EXPECT_EQ((*all.metadatas)[1], (Metadata{{"k", 1}}));
    plan.projection = {};
    ASSERT_OK_AND_ASSIGN(const GetResult ids_only, QueryExecutor(database.views).Get(plan));
    EXPECT_EQ(ids_only.size(), 2u);
    EXPECT_FALSE(ids_only.documents || ids_only.metadatas || ids_only.embeddings || ids_only.uris);
    if (place == 0) database.MoveTailToSegment();
  }
}

// Whoever works on a call looks at its limit now and then, and ends with what it says.
class LimitedCallTest : public testing::Test {
 protected:
  // The looks that the call takes without ending.
  template <typename Call>
  static int64_t LooksOf(const Call& call) {
    const EndsAfter never(INT64_MAX);
    const CallLimit::Scope scope(&never);
    EXPECT_EQ(call().code(), StatusCode::kOk);
    return never.looks();
  }

  // Ends it at its first look, in the middle and at the last.
  template <typename Call>
  static void ExpectEnds(const Call& call) {
    const int64_t looks = LooksOf(call);
    EXPECT_GE(looks, 2);
    ExpectEnds(looks, call);
  }

  // The same for a call that takes at least so many looks, and more where the machine is slow.
  template <typename Call>
  static void ExpectEnds(int64_t looks, const Call& call) {
    for (const int64_t at : {int64_t{0}, looks / 2, looks - 1}) {
      const EndsAfter limit(at);
      const CallLimit::Scope scope(&limit);
      EXPECT_EQ(call(), Status::Cancelled("enough")) << "after " << at << " of " << looks;
    }
  }

  Status Query(const VectorRanking& ranking, const Filter& where = Filter()) {
    LogicalPlan plan = {.collection = records_.database().collection,
                        .selection = {.ids = std::nullopt, .filter = Must(CompiledFilter::Compile(where))},
                        .ranking = ranking,
                        .limit = 10,
                        .projection = {.distances = true}};
    return QueryExecutor(records_.database().views).Query(plan).status();
  }

  // So many queries that they are answered in pieces.
  std::vector<float> ManyQueries() const {
    std::vector<float> all;
    for (int i = 0; i < 200; ++i) {
      const std::vector<float> some = records_.AllQueries();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }

  RankedRecords& records_ = RankedRecords::Shared();
};

TEST_F(LimitedCallTest, EndsAmongItsQueries) {
  const std::vector<float> queries = ManyQueries();
  for (const bool exact : {false, true}) {
    // 4,000 queries in pieces of 8 and at most four times the one before.
    ExpectEnds(6, [&] { return Query({.queries = {queries, kDimension}, .exact = exact}); });
  }
}

TEST_F(LimitedCallTest, EndsInTheThreadsThatHelp) {
  const std::vector<float> queries = ManyQueries();
  ExpectEnds(6, [&] { return Query({.queries = {queries, kDimension}, .num_threads = 2}); });
}

TEST_F(LimitedCallTest, AnswersInPiecesAreTheAnswers) {
  const std::vector<float> queries = ManyQueries();
  const VectorRanking ranking = {.queries = {queries, kDimension}};
  const QueryResult whole = records_.Query(10, Filter(), ranking);
  const EndsAfter never(INT64_MAX);
  const CallLimit::Scope scope(&never);
  const QueryResult pieces = records_.Query(10, Filter(), ranking);
  EXPECT_EQ(pieces.offsets, whole.offsets);
  EXPECT_EQ(pieces.distances, whole.distances);
  ASSERT_EQ(pieces.ids.size(), whole.ids.size());
  for (size_t i = 0; i < whole.ids.size(); ++i) ASSERT_EQ(pieces.ids[i], whole.ids[i]) << i;
}

TEST_F(LimitedCallTest, EndsWhileFilteringAndWhileReadingRecords) {
  ExpectEnds([&] {
    LogicalPlan plan = {
        .collection = records_.database().collection,
        .selection = {.ids = std::nullopt, .filter = Must(CompiledFilter::Compile(Key("permille") >= 1))},
        .ranking = std::nullopt,
        .projection = {.metadatas = true}};
    return QueryExecutor(records_.database().views).Get(plan).status();
  });
}

}  // namespace
}  // namespace ochre
