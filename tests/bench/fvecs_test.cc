#include "bench/support/fvecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FvecsTest : public testing::Test {
 protected:
  void Write(const std::vector<int32_t>& words, size_t bytes_cut = 0) {
    std::string bytes(words.size() * sizeof(int32_t), '\0');
    if (!words.empty()) std::memcpy(bytes.data(), words.data(), bytes.size());
    bytes.resize(bytes.size() - bytes_cut);
    std::ofstream(path_, std::ios::binary) << bytes;
  }

  void ExpectDamaged(const std::string& part) {
    const auto rows = ReadIvecs(path_);
    ASSERT_EQ(rows.status().code(), StatusCode::kDataLoss) << rows.status().ToString();
    EXPECT_THAT(rows.status().message(), HasSubstr(path_.string()));
    EXPECT_THAT(rows.status().message(), HasSubstr(part));
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "rows";
};

TEST_F(FvecsTest, RowsComeBackAsTheyWereWritten) {
  const std::vector<float> values = {1, -2.5f, 3e30f, 0, 5, 6};
  ASSERT_OK(WriteFvecs(path_, {values, 3}));
  EXPECT_EQ(std::filesystem::file_size(path_), 2 * (4 + 3 * 4u));
  ASSERT_OK_AND_ASSIGN(const Matrix rows, ReadFvecs(path_));
  EXPECT_EQ(rows.columns, 3);
  EXPECT_EQ(rows.values, values);

  ASSERT_OK(WriteIvecs(path_, {.values = {7, 8, -9, 10}, .columns = 2}));
  ASSERT_OK_AND_ASSIGN(const IntMatrix numbers, ReadIvecs(path_));
  EXPECT_EQ(numbers.rows(), 2);
  EXPECT_THAT(numbers.Row(1), ElementsAre(-9, 10));
}

TEST_F(FvecsTest, EveryRowBeginsWithItsLength) {
  Write({2, 10, 11, 2, 20, 21});
  ASSERT_OK_AND_ASSIGN(const IntMatrix rows, ReadIvecs(path_));
  EXPECT_THAT(rows.values, ElementsAre(10, 11, 20, 21));
}

TEST_F(FvecsTest, RowsOfDifferentLengthsAreRefusedWithTheRow) {
  Write({2, 10, 11, 3, 20, 21});
  ExpectDamaged("row 1 has 3 columns, and row 0 has 2");
}

TEST_F(FvecsTest, AFileThatIsCutIsRefused) {
  Write({2, 10, 11, 2, 20, 21}, /*bytes_cut=*/4);
  ExpectDamaged("20 bytes, which are no whole rows of 2 columns");
  Write({2, 10, 11}, /*bytes_cut=*/1);
  ExpectDamaged("11 bytes");
}

TEST_F(FvecsTest, AFileWithoutRowsIsRefused) {
  Write({});
  ExpectDamaged("does not begin with a number of columns");
  Write({0});
  ExpectDamaged("does not begin with a number of columns");
  Write({-1, 1});
  ExpectDamaged("does not begin with a number of columns");
}

TEST_F(FvecsTest, AFileThatIsNotThereIsNamed) {
  const auto rows = ReadFvecs(path_);
  EXPECT_EQ(rows.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(rows.status().message(), HasSubstr(path_.string()));
}

TEST_F(FvecsTest, AFolderThatIsNotThereIsNamedWhenWriting) {
  const Status status = WriteIvecs(directory_.path() / "missing" / "rows", {.values = {1}, .columns = 1});
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("missing"));
}

}  // namespace
}  // namespace ochre
