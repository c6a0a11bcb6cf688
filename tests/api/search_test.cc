// Search over a segment with a graph: recall, filters of every selectivity, deleted rows, batches.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

constexpr int kRows = 8'000;  // enough for a graph (segment/segment_writer.h)
constexpr int kDimension = 16;
constexpr int64_t kResults = 10;
constexpr uint64_t kSeed = 11;

// Clusters, as real embeddings have them.
std::vector<float> ClusteredRows(int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::mt19937_64 center_random(kSeed);
  std::vector<float> centers(50 * kDimension);
  for (float& value : centers) value = 3 * normal(center_random);
  std::vector<float> rows;
  for (int i = 0; i < count; ++i) {
    const size_t center = random() % 50;
    for (size_t d = 0; d < kDimension; ++d) rows.push_back(centers[center * kDimension + d] + normal(random));
  }
  return rows;
}

// A database in memory with kRows records in one segment.
struct SearchDatabase {
  explicit SearchDatabase(Space space) : client(Must(Client::InMemory())) {
    collection = std::make_unique<Collection>(Must(client->CreateCollection("test", {.space = space})));
    const std::vector<float> rows = ClusteredRows(kRows, kSeed + 1);
    std::vector<std::string> ids;
    std::vector<Metadata> metadatas;
    for (int i = 0; i < kRows; ++i) {
      ids.push_back(std::to_string(i));
      // "first" is the first coordinate, so that a filter on it can keep rows far from a query.
      metadatas.push_back({{"permille", i % 1000}, {"first", rows[static_cast<size_t>(i) * kDimension]}});
    }
    Must(collection->Add({.ids = ids, .embeddings = {rows, kDimension}, .metadatas = metadatas}).status());
    Must(client->Compact(*collection));
  }

  std::unique_ptr<Client> client;
  std::unique_ptr<Collection> collection;
};

class SearchTest : public testing::TestWithParam<Space> {
 protected:
  // Building a graph takes most of a second: tests that only read share one for each space.
  static void TearDownTestSuite() { shared_.clear(); }

  void SetUp() override {
    std::unique_ptr<SearchDatabase>& shared = shared_[GetParam()];
    if (shared == nullptr) shared = std::make_unique<SearchDatabase>(GetParam());
    collection_ = shared->collection.get();
    queries_ = ClusteredRows(20, kSeed + 2);
  }

  // For a test that writes.
  void UseDatabaseOfItsOwn() {
    own_ = std::make_unique<SearchDatabase>(GetParam());
    collection_ = own_->collection.get();
  }

  // The part of the exact answer's distances that the usual answer reaches; both must have the same number of hits.
  double Recall(const Filter& where, int64_t expected_hits) {
    QueryRequest request = {.embeddings = {queries_, kDimension},
                            .n_results = kResults,
                            .where = where,
                            .include = {.metadatas = true, .distances = true}};
    auto usual = collection_->Query(request);
    request.exact = true;
    auto exact = collection_->Query(request);
    if (!usual.ok() || !exact.ok()) {
      ADD_FAILURE() << usual.status().ToString() << exact.status().ToString();
      return 0;
    }
    EXPECT_EQ(usual->offsets, exact->offsets);
    int64_t reached = 0, total = 0;
    for (int64_t q = 0; q < exact->query_count(); ++q) {
      EXPECT_EQ(exact->HitCount(q), expected_hits);
      const float farthest = (*exact->distances)[static_cast<size_t>(exact->Row(q, exact->HitCount(q) - 1))];
      for (int64_t i = 0; i < usual->HitCount(q); ++i) {
        reached += (*usual->distances)[static_cast<size_t>(usual->Row(q, i))] <= farthest ? 1 : 0;
      }
      total += exact->HitCount(q);
    }
    return static_cast<double>(reached) / static_cast<double>(total);
  }

  Collection* collection_ = nullptr;
  std::vector<float> queries_;

 private:
  inline static std::map<Space, std::unique_ptr<SearchDatabase>> shared_;
  std::unique_ptr<SearchDatabase> own_;
};

TEST_P(SearchTest, UnfilteredSearchFindsNearlyAllOfTheNearest) { EXPECT_GE(Recall({}, kResults), 0.95); }

TEST_P(SearchTest, KResultsComeWheneverKMatchAtAnySelectivity) {
  for (const int permille : {1, 10, 100, 500, 900}) {
    SCOPED_TRACE(permille);
    const int64_t matches = kRows / 1000 * permille;
    EXPECT_GE(Recall(Key("permille") < permille, std::min(kResults, matches)), 0.95);
  }
}

TEST_P(SearchTest, FiltersThatKeepOnlyFarRowsStillGiveTheirNearest) {
  // The queries' own neighbours are mostly on the other side of the cut.
  EXPECT_GE(Recall(Key("first") < -4.0, kResults), 0.95);
  EXPECT_GE(Recall(Key("first") > 4.0, kResults), 0.95);
}

TEST_P(SearchTest, DeletedAndReplacedRowsAreNeverReturned) {
  UseDatabaseOfItsOwn();
  std::vector<std::string> deleted;
  for (int i = 0; i < kRows; i += 5) deleted.push_back(std::to_string(i));
  ASSERT_OK(collection_->Delete({.ids = deleted}));
  const std::set<std::string> gone(deleted.begin(), deleted.end());
  ASSERT_OK_AND_ASSIGN(const QueryResult hits,
                       collection_->Query({.embeddings = {queries_, kDimension}, .n_results = 50, .include = {}}));
  ASSERT_EQ(hits.size(), 20u * 50);
  for (size_t i = 0; i < hits.size(); ++i) EXPECT_FALSE(gone.contains(std::string(hits.ids[i]))) << hits.ids[i];
  EXPECT_GE(Recall({}, kResults), 0.95);
}

TEST_P(SearchTest, SeveralQueriesInOneCallGiveWhatEachGivesAlone) {
  ASSERT_OK_AND_ASSIGN(const QueryResult together, collection_->Query({.embeddings = {queries_, kDimension}}));
  for (int64_t q = 0; q < together.query_count(); ++q) {
    const std::span<const float> query = std::span(queries_).subspan(static_cast<size_t>(q * kDimension), kDimension);
    ASSERT_OK_AND_ASSIGN(const QueryResult alone, collection_->Query({.embeddings = {query, kDimension}}));
    for (int64_t i = 0; i < alone.HitCount(0); ++i) {
      EXPECT_EQ(alone.ids[static_cast<size_t>(i)], together.ids[static_cast<size_t>(together.Row(q, i))]);
    }
  }
}

TEST_P(SearchTest, AsManyResultsAsThereAreRecordsGivesEveryRecord) {
  ASSERT_OK_AND_ASSIGN(
      const QueryResult hits,
      collection_->Query(
          {.embeddings = {std::span(queries_).first(kDimension), kDimension}, .n_results = 10 * kRows, .include = {}}));
  std::set<std::string_view> ids;
  for (size_t i = 0; i < hits.size(); ++i) ids.insert(hits.ids[i]);
  EXPECT_EQ(ids.size(), static_cast<size_t>(kRows));
}

INSTANTIATE_TEST_SUITE_P(Spaces, SearchTest, testing::Values(Space::kL2, Space::kCosine, Space::kInnerProduct),
                         [](const auto& parameter) {
                           switch (parameter.param) {
                             case Space::kL2:
                               return std::string("L2");
                             case Space::kCosine:
                               return std::string("Cosine");
                             default:
                               return std::string("InnerProduct");
                           }
                         });

}  // namespace
}  // namespace ochre
