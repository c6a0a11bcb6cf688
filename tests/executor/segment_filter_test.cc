#include "executor/segment_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "executor/filter.h"
#include "executor/record_filter.h"
#include "tests/plan/random_filter.h"
#include "tests/support/expect_ok.h"
#include "tests/types/random_metadata.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

// The records of a view that satisfy a filter when they are tested one by one.
std::vector<std::string> TestOneByOne(const CollectionView& view, const CompiledFilter& filter) {
  std::vector<std::string> ids;
  for (const RecordLocation location : Must(WalkRecords(view, view.All(), 0, 1'000'000))) {
    const ViewRecord record = Must(view.Read(location, {.contents = true}));
    if (FilterHolds(filter, {record.id, record.contents.document, record.contents.metadata})) {
      ids.emplace_back(record.id);
    }
  }
  return ids;
}

std::vector<std::string> IdsOf(const CollectionView& view, const MatchSet& matches) {
  std::vector<std::string> ids;
  for (const RecordLocation location : Must(WalkRecords(view, matches, 0, 1'000'000))) {
    ids.emplace_back(Must(view.Read(location, {})).id);
  }
  return ids;
}

// Values that the conditions of RandomFilter meet: small numbers, short texts, arrays of them.
MetadataValue SmallValue(RandomEngine& random) {
  const auto number = static_cast<int64_t>(RandomBelow(random, 5)) - 1;
  switch (RandomBelow(random, 8)) {
    case 0:
      return RandomBelow(random, 2) == 0;
    case 1:
    case 2:
      return number;
    case 3:
      return static_cast<double>(number) / 2;
    case 4:
      return RandomText(random, 2);
    case 5:
      return std::vector<int64_t>{number, 2};
    case 6:
      return std::vector<std::string>{RandomText(random, 1), "b"};
    default:
      return RandomMetadataValue(random);
  }
}

class SegmentFilterTest : public testing::Test {
 protected:
  // Random records in two segments, some of which are deleted or replaced since, and in the tail.
  SegmentFilterTest() {
    for (int batch = 0; batch < 6; ++batch) {
      std::vector<std::string> ids;
      std::vector<std::optional<std::string>> documents;
      std::vector<Metadata> metadatas;
      for (int i = 0; i < 60; ++i) {
        std::string id = RandomText(random_, 3) + std::to_string(RandomBelow(random_, 150));
        if (i == 0) id = "a";
        if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
        ids.push_back(std::move(id));
        documents.push_back(RandomBelow(random_, 4) == 0 ? std::nullopt : std::optional(RandomText(random_, 12)));
        Metadata metadata;
        for (const char* key : {"k0", "k1", "k2"}) {
          if (RandomBelow(random_, 4) != 0) metadata[key] = SmallValue(random_);
        }
        metadatas.push_back(std::move(metadata));
      }
      const std::vector<float> embeddings(ids.size(), 1.0f);
      database_.Write(OperationKind::kUpsert,
                      {.ids = ids, .embeddings = {embeddings, 1}, .documents = documents, .metadatas = metadatas});
      database_.Delete({ids[3], ids[7]});
      if (batch == 1 || batch == 3) database_.MoveTailToSegment();
    }
    view_ = database_.Pin();
  }

  static constexpr uint64_t kSeed = 5;
  RandomEngine random_{kSeed};
  TestDatabase database_;
  std::shared_ptr<const CollectionView> view_;
};

TEST_F(SegmentFilterTest, IndexesAgreeWithTestingRecordsOneByOne) {
  SCOPED_TRACE("seed 5");
  int64_t matched = 0;
  for (int i = 0; i < 1'500; ++i) {
    const Filter filter = RandomFilter(random_, 3);
    ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(filter));
    const std::vector<std::string> expected = TestOneByOne(*view_, compiled);
    ASSERT_OK_AND_ASSIGN(const MatchSet matches,
                         FilterView(*view_, {.ids = std::nullopt, .filter = std::move(compiled)}));
    ASSERT_EQ(IdsOf(*view_, matches), expected) << filter.ToJson();
    matched += !expected.empty() && static_cast<int64_t>(expected.size()) < view_->record_count;
  }
  EXPECT_GT(matched, 500) << "most filters match nothing or everything, and test little";
}

TEST_F(SegmentFilterTest, DeletedRowsNeverMatch) {
  for (size_t s = 0; s < view_->segments.size(); ++s) {
    ASSERT_GT(view_->segments[s].deletions->deleted_count(), 0);
    for (const Filter& filter : {Filter(), Key("absent") != 1, Must(Filter::FromJson(R"({"$and": []})"))}) {
      ASSERT_OK_AND_ASSIGN(const CompiledFilter compiled, CompiledFilter::Compile(filter));
      ASSERT_OK_AND_ASSIGN(const Roaring rows, FilterSegment(view_->segments[s], compiled));
      EXPECT_EQ(rows, view_->segments[s].deletions->Live()) << filter.ToJson();
    }
  }
}

TEST_F(SegmentFilterTest, DeletedRowsDoNotMatchWhatTheySatisfied) {
  ASSERT_OK_AND_ASSIGN(const CompiledFilter compiled, CompiledFilter::Compile(Key("k0") >= -1));
  for (const SegmentView& segment : view_->segments) {
    const SegmentView whole = {segment.segment, std::make_shared<DeletionBitmap>(segment.segment->row_count())};
    ASSERT_OK_AND_ASSIGN(const Roaring satisfied, FilterSegment(whole, compiled));
    ASSERT_OK_AND_ASSIGN(const Roaring rows, FilterSegment(segment, compiled));
    EXPECT_NE(rows, satisfied) << "or else the test shows nothing";
    EXPECT_EQ(rows, satisfied & segment.deletions->Live());
  }
}

// Half of the conditions come again, under another negation or in other company; views with more deletions and with
// fewer take turns.
TEST_F(SegmentFilterTest, WhatACacheKeepsAgreesWithTestingRecordsOneByOneInEveryView) {
  SCOPED_TRACE("seed 5");
  const std::vector<std::string> ids = TestDatabase::IdsOf(*view_);
  std::vector<std::string> deleted;
  for (size_t i = 0; i < ids.size(); i += 3) deleted.push_back(ids[i]);
  database_.Delete(deleted);
  const std::shared_ptr<const CollectionView> later = database_.Pin();
  for (const int64_t bytes_max : {FilterCache::kBytesMax, int64_t{10'000}}) {
    FilterCache cache(bytes_max);
    std::vector<Filter> asked;
    for (int i = 0; i < 600; ++i) {
      Filter filter = RandomFilter(random_, 2);
      if (!asked.empty() && RandomBelow(random_, 2) == 0) filter = asked[RandomBelow(random_, asked.size())];
      if (!asked.empty() && RandomBelow(random_, 4) == 0) filter = filter || asked[RandomBelow(random_, asked.size())];
      if (asked.size() < 100) asked.push_back(filter);
      const CollectionView& view = RandomBelow(random_, 2) == 0 ? *view_ : *later;
      ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(filter));
      const std::vector<std::string> expected = TestOneByOne(view, compiled);
      ASSERT_OK_AND_ASSIGN(const MatchSet matches,
                           FilterView(view, {.ids = std::nullopt, .filter = std::move(compiled)}, &cache));
      ASSERT_EQ(IdsOf(view, matches), expected) << filter.ToJson();
    }
    EXPECT_GT(cache.bytes(), 5'000) << "or else nothing was kept";
    EXPECT_TRUE(cache.IsConsistent());
  }
}

TEST_F(SegmentFilterTest, TheFirstMatchesAreThoseThatTestingRecordsOneByOneFindsFirst) {
  SCOPED_TRACE("seed 5");
  FilterCache shared;
  int shorter = 0;
  for (int i = 0; i < 1'500; ++i) {
    const Filter filter = RandomFilter(random_, 3);
    const auto first = static_cast<int64_t>(RandomBelow(random_, 12));
    FilterCache empty;
    FilterCache* const caches[] = {nullptr, &empty, &shared};
    FilterCache* const cache = caches[RandomBelow(random_, 3)];
    ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(filter));
    std::vector<std::string> expected = TestOneByOne(*view_, compiled);
    if (RandomBelow(random_, 4) == 0) {  // so that some conditions are found in the cache
      for (const SegmentView& segment : view_->segments) Must(FilterSegment(segment, compiled, &shared));
    }
    ASSERT_OK_AND_ASSIGN(const MatchSet matches,
                         FilterView(*view_, {.ids = std::nullopt, .filter = std::move(compiled)}, cache, first));
    shorter += matches.count() < std::ssize(expected);
    expected.resize(std::min(expected.size(), static_cast<size_t>(first)));
    std::vector<std::string> found = IdsOf(*view_, matches);
    ASSERT_GE(found.size(), expected.size()) << filter.ToJson();
    found.resize(expected.size());
    ASSERT_EQ(found, expected) << filter.ToJson();
  }
  EXPECT_GT(shorter, 100) << "or else it never stopped early";
}

TEST_F(SegmentFilterTest, NoMoreMatchesAreLookedForThanAreAskedFor) {
  const Filter filter = Document().Contains("") && Key("k0") >= -1;
  ASSERT_OK_AND_ASSIGN(const CompiledFilter compiled, CompiledFilter::Compile(filter));
  for (const SegmentView& segment : view_->segments) {
    ASSERT_OK_AND_ASSIGN(const Roaring all, FilterSegment(segment, compiled));
    ASSERT_GT(all.cardinality(), 3u);
    for (const int64_t count_max : {0, 1, 3, 1'000'000}) {
      ASSERT_OK_AND_ASSIGN(const Roaring rows, FilterSegmentFirst(segment, compiled, count_max));
      const auto expected_count = std::min(static_cast<uint64_t>(count_max), all.cardinality());
      ASSERT_EQ(rows.cardinality(), expected_count);
      EXPECT_TRUE(rows.isSubset(all));
      // As many matches lie up to the last one: none was left out before it.
      EXPECT_EQ(rows.isEmpty() ? 0 : all.rank(rows.maximum()), expected_count);
    }
  }
}

TEST_F(SegmentFilterTest, AConditionThatIsAskedAgainIsFoundInTheCache) {
  ASSERT_OK_AND_ASSIGN(const CompiledFilter compiled, CompiledFilter::Compile(Key("k0") >= -1));
  const SegmentView& segment = view_->segments.front();
  FilterCache cache;
  ASSERT_OK_AND_ASSIGN(const Roaring rows, FilterSegment(segment, compiled, &cache));
  const SharedOrdinals kept = cache.Find(FilterCacheKey(segment.segment->id(), compiled.nodes().front().node));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*kept & segment.deletions->Live(), rows);
  EXPECT_NE(*kept, rows) << "rows that are deleted are kept too, for views that see them";
  // The cache is believed: other rows under the same key are what the next call answers.
  FilterCache other;
  other.Insert(FilterCacheKey(segment.segment->id(), compiled.nodes().front().node), Share(Roaring()));
  ASSERT_OK_AND_ASSIGN(const Roaring none, FilterSegment(segment, compiled, &other));
  EXPECT_TRUE(none.isEmpty());
}

TEST_F(SegmentFilterTest, IdsAndFilterSelectTheIntersection) {
  SCOPED_TRACE("seed 5");
  const std::vector<std::string> all = TestDatabase::IdsOf(*view_);
  for (int i = 0; i < 200; ++i) {
    const Filter filter = RandomCondition(random_);
    std::vector<std::string> ids = {"unknown"};
    for (int j = 0; j < 20; ++j) ids.push_back(all[RandomBelow(random_, all.size())]);  // repeats among them
    ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(filter));
    std::vector<std::string> expected;
    for (const std::string& id : TestOneByOne(*view_, compiled)) {
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) expected.push_back(id);
    }
    ASSERT_OK_AND_ASSIGN(const MatchSet matches, FilterView(*view_, {.ids = ids, .filter = std::move(compiled)}));
    ASSERT_EQ(IdsOf(*view_, matches), expected) << filter.ToJson();
  }
}

TEST(FilterViewTest, SoManyIdsThatTheIndexIsAskedSelectTheIntersectionToo) {
  constexpr int kRecords = 2'000, kAskedFor = 1'500;  // over kDirectTestsMax of executor/filter.cc
  TestDatabase database;
  std::vector<std::string> ids, expected;
  std::vector<Metadata> metadatas;
  for (int i = 0; i < kRecords; ++i) {
    ids.push_back(std::to_string(i));
    metadatas.push_back({{"odd", i % 2 == 1}});
    if (i % 2 == 1 && i < kAskedFor) expected.push_back(ids.back());
  }
  const std::vector<float> embeddings(ids.size(), 1.0f);
  database.Write(OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, 1}, .metadatas = metadatas});
  database.MoveTailToSegment();
  const auto view = database.Pin();
  ids.resize(kAskedFor);
  ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(Key("odd") == true));
  ASSERT_OK_AND_ASSIGN(const MatchSet matches, FilterView(*view, {.ids = ids, .filter = std::move(compiled)}));
  EXPECT_EQ(IdsOf(*view, matches), expected);
}

// The index has trigrams of ASCII only for patterns, whose atoms RE2 gives in lower case.
TEST(FilterViewTest, AnAlternativeOfAPatternThatTheIndexCannotNarrowIsFoundToo) {
  TestDatabase database;
  const std::vector<std::string> ids = {"narrowed", "not narrowed", "neither"};
  const std::vector<std::string> documents = {"one abc", "two \u00e4\u00f6\u00fc", "three"};
  const std::vector<float> embeddings(ids.size(), 1.0f);
  database.Write(OperationKind::kAdd, {.ids = ids, .embeddings = {embeddings, 1}, .documents = documents});
  database.MoveTailToSegment();
  const auto view = database.Pin();
  ASSERT_OK_AND_ASSIGN(CompiledFilter compiled, CompiledFilter::Compile(Document().Matches("abc|\u00e4\u00f6\u00fc")));
  ASSERT_OK_AND_ASSIGN(const MatchSet matches, FilterView(*view, {.ids = std::nullopt, .filter = std::move(compiled)}));
  EXPECT_EQ(IdsOf(*view, matches), std::vector<std::string>({"narrowed", "not narrowed"}));
}

TEST_F(SegmentFilterTest, AnEmptyListOfIdsSelectsNothing) {
  ASSERT_OK_AND_ASSIGN(const MatchSet matches, FilterView(*view_, {.ids = std::vector<std::string>(), .filter = {}}));
  EXPECT_EQ(matches.count(), 0);
}

}  // namespace
}  // namespace ochre
