#include "view/record_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_ok.h"
#include "tests/view/test_database.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Records 0 to 29 in two segments and the tail, four of which were updated later and so lie in a later place.
class WalkRecordsTest : public testing::Test {
 protected:
  WalkRecordsTest() {
    for (int i = 0; i < 30; ++i) {
      const std::vector<float> embedding = {static_cast<float>(i)};
      database_.Write(OperationKind::kAdd, {.ids = {std::to_string(i)}, .embeddings = {embedding, 1}});
      if (i == 9) database_.MoveTailToSegment();
      if (i == 19) {
        database_.Write(OperationKind::kUpdate, {.ids = {"7"}, .documents = {"moved"}});
        database_.MoveTailToSegment();
      }
    }
    database_.Write(OperationKind::kUpdate, {.ids = {"28", "0", "14"}, .documents = {"x", "y", "z"}});
    view_ = database_.Pin();
  }

  std::vector<int> Walk(const MatchSet& matches, int64_t offset, int64_t limit) {
    std::vector<int> walked;
    for (const RecordLocation location : Must(WalkRecords(*view_, matches, offset, limit))) {
      walked.push_back(std::stoi(std::string(Must(view_->Read(location, {})).id)));
    }
    return walked;
  }

  TestDatabase database_;
  std::shared_ptr<const CollectionView> view_;
};

TEST_F(WalkRecordsTest, AllPlacesAreMergedInOrderOfInsertion) {
  std::vector<int> expected;
  for (int i = 0; i < 30; ++i) expected.push_back(i);
  EXPECT_EQ(Walk(view_->All(), 0, 1'000), expected);
}

TEST_F(WalkRecordsTest, EveryPageIsASliceOfTheWholeWalk) {
  const std::vector<int> all = Walk(view_->All(), 0, 1'000);
  for (int offset = 0; offset <= 32; ++offset) {
    for (const int limit : {0, 1, 3, 40}) {
      const int begin = std::min(offset, 30), end = std::min(begin + limit, 30);
      EXPECT_EQ(Walk(view_->All(), offset, limit), std::vector<int>(all.begin() + begin, all.begin() + end))
          << offset << ", " << limit;
    }
  }
}

TEST_F(WalkRecordsTest, OnlyMatchesAreWalked) {
  MatchSet matches;
  matches.segments.assign(view_->segments.size(), Share(Roaring()));
  matches.segments.front() = Share(Roaring::bitmapOf(2, 1, 2));
  for (uint32_t i = 0; i < view_->tail_size; ++i) {
    if (view_->tail->record(i).id == "25" && view_->IsVisible(i)) matches.tail.push_back(i);
  }
  EXPECT_THAT(Walk(matches, 0, 10), ElementsAre(1, 2, 25));
  EXPECT_THAT(Walk(matches, 1, 1), ElementsAre(2));
}

TEST_F(WalkRecordsTest, AllRecordsAreWorkedOutOnce) {
  EXPECT_EQ(&view_->All(), &view_->All());
  EXPECT_EQ(view_->All().count(), view_->record_count);
}

TEST_F(WalkRecordsTest, NoMatchesGiveNothing) {
  MatchSet none;
  none.segments.assign(view_->segments.size(), Share(Roaring()));
  EXPECT_THAT(Walk(none, 0, 10), IsEmpty());
}

}  // namespace
}  // namespace ochre
