#include "sqlite/row_checksum.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <set>
#include <string>

#include "sqlite/connection.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

uint64_t HashOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// As docs/format.md has it.
TEST(RowChecksumTest, IsThatOfTheFormat) {
  std::string hashed;
  const auto append = [&](auto number) { hashed.append(reinterpret_cast<const char*>(&number), sizeof(number)); };
  append(uint8_t{2}), append(uint64_t{5}), append(HashOf("table"));
  append(uint8_t{0});
  append(uint8_t{1}), append(int64_t{-3});
  append(uint8_t{2}), append(uint64_t{4}), append(HashOf(std::string_view("\0abc", 4)));
  append(uint8_t{3}), append(0.5);
  const RowChecksum checksum =
      RowChecksum("table").AddNull().AddInt64(-3).AddBytes(std::string_view("\0abc", 4)).AddReal(0.5);
  EXPECT_EQ(static_cast<uint64_t>(checksum.value()), HashOf(hashed));
}

TEST(RowChecksumTest, DependsOnTableTypesOrderAndBorders) {
  std::set<int64_t> checksums;
  checksums.insert(RowChecksum("t").AddBytes("ab").AddBytes("c").value());
  checksums.insert(RowChecksum("u").AddBytes("ab").AddBytes("c").value());
  checksums.insert(RowChecksum("t").AddBytes("a").AddBytes("bc").value());
  checksums.insert(RowChecksum("t").AddBytes("c").AddBytes("ab").value());
  checksums.insert(RowChecksum("t").AddBytes("abc").value());
  checksums.insert(RowChecksum("t").AddBytes("abc").AddNull().value());
  checksums.insert(RowChecksum("t").AddInt64(0).value());
  checksums.insert(RowChecksum("t").AddNull().value());
  checksums.insert(RowChecksum("t").AddBytes("").value());
  EXPECT_EQ(checksums.size(), 9u);
}

TEST(RowChecksumTest, SqlHasTheSame) {
  ASSERT_OK_AND_ASSIGN(const auto connection, SqliteConnection::OpenInMemory());
  ASSERT_OK_AND_ASSIGN(const int64_t of_all,
                       connection->QueryInt64("SELECT row_checksum('t',NULL,-5,x'00ff','text',0.5)"));
  EXPECT_EQ(of_all, RowChecksum("t")
                        .AddNull()
                        .AddInt64(-5)
                        .AddBytes(std::string_view("\0\xff", 2))
                        .AddBytes("text")
                        .AddReal(0.5)
                        .value());
  ASSERT_OK_AND_ASSIGN(const int64_t of_none, connection->QueryInt64("SELECT row_checksum('t')"));
  EXPECT_EQ(of_none, RowChecksum("t").value());
  EXPECT_FALSE(connection->QueryInt64("SELECT row_checksum()").ok());
}

}  // namespace
}  // namespace ochre
