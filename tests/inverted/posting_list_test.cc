#include "inverted/posting_list.h"

#include <gmock/gmock.h>

#include <roaring/roaring.hh>
#include <string>
#include <vector>

namespace ochre {
namespace {

std::vector<uint32_t> RowsOf(const PostingList& list) {
  const std::string bytes = list.ToRoaringBytes();
  const Roaring rows = Roaring::readSafe(bytes.data(), bytes.size());
  return {rows.begin(), rows.end()};
}

TEST(PostingListTest, GivesItsRowsBack) {
  // Differences of one to five bytes, the smallest and the largest ordinal, several containers of the bitmap.
  const std::vector<uint32_t> ordinals = {0, 1, 128, 129, 16'600, 70'000, 5'000'000, 4'000'000'000, 4'294'967'295};
  PostingList list;
  for (const uint32_t ordinal : ordinals) list.Add(ordinal);
  EXPECT_EQ(RowsOf(list), ordinals);
}

TEST(PostingListTest, ARowThatIsRepeatedCountsOnce) {
  PostingList list;
  for (const uint32_t ordinal : {0, 0, 7, 7, 7, 8}) list.Add(ordinal);
  EXPECT_THAT(RowsOf(list), testing::ElementsAre(0, 7, 8));
}

TEST(PostingListTest, AnEmptyListIsAnEmptyBitmap) { EXPECT_THAT(RowsOf(PostingList()), testing::IsEmpty()); }

TEST(PostingListTest, ConsecutiveRowsTakeAFewBytesOnDisk) {
  PostingList list;
  for (uint32_t ordinal = 10; ordinal < 60'000; ++ordinal) list.Add(ordinal);
  EXPECT_LT(list.ToRoaringBytes().size(), 32u);
  EXPECT_EQ(RowsOf(list).size(), 59'990u);
}

}  // namespace
}  // namespace ochre
