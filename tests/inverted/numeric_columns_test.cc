#include "inverted/numeric_columns.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "storage/block_checksums.h"
#include "storage/memory_storage.h"
#include "tests/storage/blob_contents.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kRowCountMax = int64_t{1} << 32;
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr FilterOperator kOperators[] = {FilterOperator::kEqual, FilterOperator::kGreater,
                                         FilterOperator::kGreaterEqual, FilterOperator::kLess,
                                         FilterOperator::kLessEqual};

class ColumnsFile {
 public:
  explicit ColumnsFile(NumericColumnsWriter& writer, int64_t row_count = kRowCountMax)
      : info_(writer.Finish(storage_, "s/columns.bin").value()),
        blob_(VerifiedBlob::Open(storage_, info_).value()),
        columns_(NumericColumns::Open(*blob_, row_count).value()) {}

  std::vector<uint32_t> Compare(std::string_view key, FilterOperator op, const FilterScalar& number) const {
    const auto rows = columns_->Compare(key, op, number);
    EXPECT_TRUE(rows.ok()) << rows.status().ToString();
    return {rows->begin(), rows->end()};
  }

  const BlobInfo& info() const { return info_; }
  std::string contents() const { return ReadBlob(storage_, "s/columns.bin"); }

 private:
  MemoryStorage storage_;
  const BlobInfo info_;
  const std::unique_ptr<const VerifiedBlob> blob_;
  const std::unique_ptr<const NumericColumns> columns_;
};

// long double holds every int64 and every double of this machine exactly, so it is an independent judge.
static_assert(std::numeric_limits<long double>::digits >= 64);

long double Exact(const FilterScalar& number) {
  if (const auto* integer = number.get_if<int64_t>()) return static_cast<long double>(*integer);
  return static_cast<long double>(*number.get_if<double>());
}

bool Holds(FilterOperator op, long double a, long double b) {
  switch (op) {
    case FilterOperator::kEqual:
      return a == b;
    case FilterOperator::kGreater:
      return a > b;
    case FilterOperator::kGreaterEqual:
      return a >= b;
    case FilterOperator::kLess:
      return a < b;
    default:
      return a <= b;
  }
}

TEST(NumericColumnsTest, IntegersAndDoublesUnderOneKeyCompareExactly) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  NumericColumnsWriter writer;
  writer.Add("k", int64_t{2}, 0);
  writer.Add("k", 2.0, 1);
  writer.Add("k", 2.5, 2);
  writer.Add("k", kTwoTo53 + 1, 3);
  writer.Add("k", 9007199254740992.0, 4);
  writer.Add("k", kMax, 5);
  writer.Add("k", 9223372036854775808.0, 6);
  writer.Add("k", -0.0, 7);
  const ColumnsFile file(writer);

  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 2), ElementsAre(0, 1));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 2.0), ElementsAre(0, 1));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 2.5), ElementsAre(2));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, kTwoTo53 + 1), ElementsAre(3));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 9007199254740992.0), ElementsAre(4));
  EXPECT_THAT(file.Compare("k", FilterOperator::kGreater, 9007199254740992.0), ElementsAre(3, 5, 6));
  EXPECT_THAT(file.Compare("k", FilterOperator::kGreater, kMax), ElementsAre(6));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 0), ElementsAre(7));
  EXPECT_THAT(file.Compare("k", FilterOperator::kEqual, 0.0), ElementsAre(7));
  EXPECT_THAT(file.Compare("k", FilterOperator::kLess, 2), ElementsAre(7));
  EXPECT_THAT(file.Compare("other", FilterOperator::kLess, 2), IsEmpty());
}

TEST(NumericColumnsTest, EveryComparisonOfManyNumbersIsExact) {
  const std::vector<FilterScalar> numbers = {kMin,
                                             kMin + 1,
                                             -1,
                                             0,
                                             1,
                                             2,
                                             3,
                                             (int64_t{1} << 53) - 1,
                                             int64_t{1} << 53,
                                             (int64_t{1} << 53) + 1,
                                             kMax - 1,
                                             kMax,
                                             -kInfinity,
                                             -1e300,
                                             static_cast<double>(kMin),
                                             std::nextafter(static_cast<double>(kMin), -kInfinity),
                                             -1.0,
                                             -0.5,
                                             -0.0,
                                             0.0,
                                             std::numeric_limits<double>::denorm_min(),
                                             0.5,
                                             1.0,
                                             2.5,
                                             9007199254740992.0,
                                             9007199254740994.0,
                                             9223372036854774784.0,
                                             9223372036854775808.0,
                                             1e300,
                                             kInfinity};
  for (const uint32_t seed : {1, 2}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    NumericColumnsWriter writer;
    std::vector<long double> stored;
    for (uint32_t ordinal = 0; ordinal < 3'000; ++ordinal) {
      const FilterScalar& number = numbers[random() % numbers.size()];
      if (const auto* integer = number.get_if<int64_t>()) writer.Add("k", *integer, ordinal);
      if (const auto* real = number.get_if<double>()) writer.Add("k", *real, ordinal);
      stored.push_back(Exact(number));
    }
    const ColumnsFile file(writer);
    for (const FilterScalar& operand : numbers) {
      for (const FilterOperator op : kOperators) {
        std::vector<uint32_t> expected;
        for (uint32_t ordinal = 0; ordinal < stored.size(); ++ordinal) {
          if (Holds(op, stored[ordinal], Exact(operand))) expected.push_back(ordinal);
        }
        ASSERT_EQ(file.Compare("k", op, operand), expected)
            << static_cast<double>(Exact(operand)) << " operator " << static_cast<int>(op);
      }
    }
  }
}

// Wide ranges are then answered by the rows outside them.
TEST(NumericColumnsTest, RangesOfAKeyThatEveryRowHasAreExactToo) {
  for (const uint32_t row_count : {1u, 2u, 3u, 100u, 150'000u}) {
    for (const bool one_row_without : {false, true}) {
      SCOPED_TRACE(testing::Message() << "seed " << row_count << (one_row_without ? ", one row without" : ""));
      std::mt19937 random(row_count);
      NumericColumnsWriter writer;
      std::vector<int64_t> values;
      for (uint32_t ordinal = 0; ordinal < row_count; ++ordinal) {
        values.push_back(static_cast<int64_t>(random() % 100));
        writer.Add("k", values.back(), ordinal);
        if (ordinal % 2 == 0) writer.Add("in half", values.back(), ordinal);
      }
      const ColumnsFile file(writer, row_count + (one_row_without ? 1 : 0));
      for (const int64_t operand : {-1, 0, 1, 10, 49, 50, 51, 90, 99, 100}) {
        for (const FilterOperator op : kOperators) {
          std::vector<uint32_t> expected, expected_in_half;
          for (uint32_t ordinal = 0; ordinal < row_count; ++ordinal) {
            if (!Holds(op, static_cast<long double>(values[ordinal]), static_cast<long double>(operand))) continue;
            expected.push_back(ordinal);
            if (ordinal % 2 == 0) expected_in_half.push_back(ordinal);
          }
          ASSERT_EQ(file.Compare("k", op, operand), expected) << operand << " operator " << static_cast<int>(op);
          ASSERT_EQ(file.Compare("in half", op, operand), expected_in_half) << operand;
        }
      }
    }
  }
}

TEST(NumericColumnsTest, NaNIsFoundByNothingAndFindsNothing) {
  NumericColumnsWriter writer;
  for (uint32_t ordinal = 0; ordinal < 100; ++ordinal) {
    writer.Add("k", ordinal % 3 == 0 ? kNan : static_cast<double>(ordinal), ordinal);
  }
  writer.Add("only nan", kNan, 0);
  const ColumnsFile file(writer);
  EXPECT_EQ(file.Compare("k", FilterOperator::kGreaterEqual, -kInfinity).size(), 66u);
  EXPECT_EQ(file.Compare("k", FilterOperator::kLessEqual, 50).size(), 34u);
  for (const FilterOperator op : kOperators) {
    EXPECT_THAT(file.Compare("k", op, kNan), IsEmpty());
    EXPECT_THAT(file.Compare("only nan", op, 1.0), IsEmpty());
  }
}

TEST(NumericColumnsTest, KeysOfAnyLengthAreKeptApart) {
  NumericColumnsWriter writer;
  std::vector<std::string> keys;
  for (size_t size = 0; size < 20; ++size) keys.emplace_back(size, 'k');
  keys.emplace_back(100'000, 'k');
  for (uint32_t i = 0; i < keys.size(); ++i) {
    writer.Add(keys[i], int64_t{7}, i);
    if (i % 2 == 0) writer.Add(keys[i], 7.0, i + 100);
  }
  const ColumnsFile file(writer);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    const auto rows = file.Compare(keys[i], FilterOperator::kEqual, 7);
    EXPECT_EQ(rows, i % 2 == 0 ? std::vector<uint32_t>({i, i + 100}) : std::vector<uint32_t>({i}));
  }
}

TEST(NumericColumnsTest, NoNumbersAtAllIsAFileToo) {
  NumericColumnsWriter writer;
  const ColumnsFile file(writer);
  EXPECT_EQ(file.info().length, 64u);
  EXPECT_THAT(file.Compare("k", FilterOperator::kGreater, 0), IsEmpty());
}

TEST(NumericColumnsTest, TheFileIsLaidOutAsDocumented) {
  NumericColumnsWriter writer;
  writer.Add("key", int64_t{258}, 5);
  const std::string contents = ColumnsFile(writer).contents();
  using namespace std::string_literals;
  EXPECT_EQ(contents.substr(0, 32), "OCHRECOL\1\0\0\0\1\0\0\0\x50\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0"s);
  EXPECT_EQ(contents.substr(64, 16), "\2\1\0\0\0\0\0\0\5\0\0\0\0\0\0\0"s);
  EXPECT_EQ(contents.substr(80), "\0\0\0\0\3\0\0\0\1\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0key\0\0\0\0\0"s);
}

TEST(NumericColumnsTest, OpeningAndSearchingReadsOnlyTheBlocksThatTheyNeed) {
  NumericColumnsWriter writer;
  for (uint32_t ordinal = 0; ordinal < 100'000; ++ordinal) writer.Add("k", int64_t{ordinal}, ordinal);
  const ColumnsFile file(writer);
  DamagedStorage damaged("s/columns.bin", file.contents());
  damaged.bytes()[64 + 8 * 30'000] ^= std::byte{1};  // in block 3 of the values, which ends before the middle one
  const auto blob = VerifiedBlob::Open(damaged, file.info()).value();
  const auto columns = NumericColumns::Open(*blob, kRowCountMax).value();
  EXPECT_EQ(columns->Compare("k", FilterOperator::kEqual, 80'000).value().cardinality(), 1u);
  EXPECT_EQ(columns->Compare("k", FilterOperator::kEqual, 30'000).status().code(), StatusCode::kDataLoss);
}

ColumnsFile SmallFile() {
  NumericColumnsWriter writer;
  for (uint32_t ordinal = 0; ordinal < 5; ++ordinal) {
    writer.Add("a", int64_t{ordinal} * 3, ordinal);
    writer.Add("bb", ordinal * 0.5, ordinal);
  }
  return ColumnsFile(writer);
}

TEST(NumericColumnsTest, EveryDamagedByteIsDataLossThatNamesTheFile) {
  const ColumnsFile file = SmallFile();
  const std::string contents = file.contents();
  for (size_t i = 0; i < contents.size(); ++i) {
    DamagedStorage storage("s/columns.bin", contents);
    storage.bytes()[i] ^= std::byte{0x10};
    const auto blob = VerifiedBlob::Open(storage, file.info()).value();
    const Status status = NumericColumns::Open(*blob, kRowCountMax).status();
    ASSERT_EQ(status.code(), StatusCode::kDataLoss) << i;
    ASSERT_THAT(status.message(), HasSubstr("s/columns.bin"));
  }
}

// As if a defect had written the file: the checksums match, the contents lie. No length may be believed unchecked.
TEST(NumericColumnsTest, DamageUnderMatchingChecksumsIsRefusedOrAnsweredWithinTheFile) {
  const ColumnsFile file = SmallFile();
  const std::string contents = file.contents();
  int refused = 0;
  for (size_t i = 0; i < contents.size(); ++i) {
    for (const int flip : {0x01, 0x08, 0x80}) {
      DamagedStorage storage("s/columns.bin", contents);
      storage.bytes()[i] ^= static_cast<std::byte>(flip);
      BlobInfo info = file.info();
      info.block_checksums = {ChecksumOfBlock(storage.bytes())};
      const auto blob = VerifiedBlob::Open(storage, info).value();
      const auto columns = NumericColumns::Open(*blob, kRowCountMax);
      if (!columns.ok()) {
        ++refused;
        EXPECT_TRUE(columns.status().code() == StatusCode::kDataLoss ||
                    columns.status().code() == StatusCode::kFailedPrecondition)
            << columns.status().ToString();
        EXPECT_THAT(columns.status().message(), HasSubstr("s/columns.bin"));
        continue;
      }
      for (const char* key : {"a", "bb"}) {
        for (const FilterOperator op : kOperators) {
          const auto rows = (*columns)->Compare(key, op, 1);
          EXPECT_TRUE(!rows.ok() || rows->cardinality() <= contents.size() / 12);
        }
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(NumericColumnsTest, ARowThatTheSegmentDoesNotHaveIsDataLossThatNamesTheFileAndTheKey) {
  NumericColumnsWriter writer;
  writer.Add("a", int64_t{1}, 2);
  writer.Add("bb", 0.5, 7);
  const ColumnsFile file(writer);
  DamagedStorage storage("s/columns.bin", file.contents());
  const auto blob = VerifiedBlob::Open(storage, file.info()).value();
  const auto columns = NumericColumns::Open(*blob, 7).value();
  EXPECT_EQ(columns->Compare("a", FilterOperator::kEqual, 1).value().cardinality(), 1u);
  EXPECT_EQ(columns->Compare("bb", FilterOperator::kGreater, 1).value().cardinality(), 0u);  // does not touch it
  for (const Status& status : {columns->Compare("bb", FilterOperator::kLess, 1).status(), columns->Verify()}) {
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("s/columns.bin"));
    EXPECT_THAT(status.message(), HasSubstr("bb"));
  }
  EXPECT_EQ(NumericColumns::Open(*blob, 8).value()->Verify(), Status::Ok());
}

TEST(NumericColumnsTest, ValuesOutOfOrderAreFoundByVerify) {
  NumericColumnsWriter writer;
  for (uint32_t ordinal = 0; ordinal < 5; ++ordinal) writer.Add("a", int64_t{ordinal}, ordinal);
  const ColumnsFile file(writer);
  std::string contents = file.contents();
  std::swap(contents[64], contents[64 + 8 * 3]);  // the lowest bytes of the values
  MemoryStorage storage;
  const auto blob = VerifiedBlob::Open(storage, WriteBlob(storage, "c", contents)).value();
  EXPECT_EQ(NumericColumns::Open(*blob, 5).value()->Verify().code(), StatusCode::kDataLoss);
}

TEST(NumericColumnsTest, AShorterFileIsRefused) {
  const ColumnsFile file = SmallFile();
  const std::string contents = file.contents();
  MemoryStorage storage;
  for (size_t size = 0; size < contents.size(); ++size) {
    const std::string name = "c" + std::to_string(size);
    const auto blob = VerifiedBlob::Open(storage, WriteBlob(storage, name, contents.substr(0, size))).value();
    EXPECT_EQ(NumericColumns::Open(*blob, kRowCountMax).status().code(), StatusCode::kDataLoss) << size;
  }
}

}  // namespace
}  // namespace ochre
