#include "bench/workload/ann_bench/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::HasSubstr;

class DataSetTest : public testing::Test {
 protected:
  Result<DataSet> Make(Space space, int64_t k) {
    return DataSet::Make({.values = {0, 0, 1, 0, 2, 0, 4, 0}, .columns = 2}, {.values = {0.4f, 0}, .columns = 2}, space,
                         k, truth_, data_time_);
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path truth_ = directory_.path() / "truth.ivecs";
  const std::filesystem::file_time_type data_time_ = std::filesystem::last_write_time(directory_.path());
};

TEST_F(DataSetTest, TheTruthIsComputedAndKept) {
  ASSERT_OK_AND_ASSIGN(const DataSet data, Make(Space::kL2, 2));
  EXPECT_EQ(data.Recall(0, std::vector<uint32_t>{0, 1}), 1);
  EXPECT_EQ(data.Recall(0, std::vector<uint32_t>{0, 2}), 0.5);
  ASSERT_OK_AND_ASSIGN(const IntMatrix kept, ReadIvecs(truth_));
  EXPECT_THAT(kept.Row(0), testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(DataSetTest, ATruthThatIsThereIsTaken) {
  ASSERT_OK(WriteIvecs(truth_, {.values = {3}, .columns = 1}));  // wrong, and so told apart from a computed one
  ASSERT_OK_AND_ASSIGN(const DataSet data, Make(Space::kL2, 1));
  EXPECT_EQ(data.Recall(0, std::vector<uint32_t>{2}), 1);  // nearer than row 3
}

TEST_F(DataSetTest, ATruthOlderThanTheDataIsComputedAnew) {
  ASSERT_OK(WriteIvecs(truth_, {.values = {3}, .columns = 1}));
  std::filesystem::last_write_time(truth_, data_time_ - std::chrono::hours(1));
  ASSERT_OK_AND_ASSIGN(const DataSet data, Make(Space::kL2, 1));
  EXPECT_EQ(data.Recall(0, std::vector<uint32_t>{2}), 0);
}

TEST_F(DataSetTest, ATruthOfOtherDataIsRefused) {
  ASSERT_OK(WriteIvecs(truth_, {.values = {1, 2}, .columns = 1}));
  EXPECT_THAT(Make(Space::kL2, 1).status().message(), HasSubstr("answers 2 queries, and there are 1"));
  ASSERT_OK(WriteIvecs(truth_, {.values = {4}, .columns = 1}));
  EXPECT_THAT(Make(Space::kL2, 1).status().message(), HasSubstr("names row 4"));
  EXPECT_THAT(Make(Space::kL2, 2).status().message(), HasSubstr("1 neighbours a query, and k is 2"));
}

TEST_F(DataSetTest, RowsThatDoNotFitAreRefused) {
  EXPECT_THAT(Make(Space::kL2, 5).status().message(), HasSubstr("k is 5, and there are 4 rows"));
  const auto data =
      DataSet::Make({.values = {1, 2}, .columns = 2}, {.values = {1}, .columns = 1}, Space::kL2, 1, truth_, data_time_);
  EXPECT_THAT(data.status().message(), HasSubstr("2 dimensions"));
}

TEST(ExactDistanceTest, IsThatOfTheSpace) {
  const std::vector<float> a = {3, 4}, b = {0, 2}, zero = {0, 0};
  EXPECT_DOUBLE_EQ(ExactDistance(Space::kL2, a, b), 13);
  EXPECT_DOUBLE_EQ(ExactDistance(Space::kInnerProduct, a, b), -7);
  EXPECT_DOUBLE_EQ(ExactDistance(Space::kCosine, a, b), 1 - 0.8);
  EXPECT_DOUBLE_EQ(ExactDistance(Space::kCosine, a, zero), 1);
}

}  // namespace
}  // namespace ochre
