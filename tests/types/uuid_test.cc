#include "types/uuid.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

constexpr char kText[] = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

TEST(UuidTest, WhatIsPrintedParsesToTheSame) {
  const auto uuid = Uuid::Parse(kText);
  ASSERT_TRUE(uuid.has_value());
  EXPECT_EQ(uuid->bytes[0], 0xf8);
  EXPECT_EQ(uuid->bytes[15], 0xf6);
  EXPECT_EQ(uuid->ToString(), kText);
  EXPECT_EQ(Uuid().ToString(), "00000000-0000-0000-0000-000000000000");
}

TEST(UuidTest, EitherCaseParses) { EXPECT_EQ(Uuid::Parse("F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6"), Uuid::Parse(kText)); }

TEST(UuidTest, AnythingElseDoesNotParse) {
  const std::string text = kText;
  EXPECT_FALSE(Uuid::Parse("").has_value());
  EXPECT_FALSE(Uuid::Parse(text.substr(0, 35)).has_value());
  EXPECT_FALSE(Uuid::Parse(text + "0").has_value());
  EXPECT_FALSE(Uuid::Parse("{" + text.substr(0, 34) + "}").has_value());
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char wrong : {'g', ' ', '\0', text[i] == '-' ? '0' : '-'}) {
      std::string changed = text;
      changed[i] = wrong;
      EXPECT_FALSE(Uuid::Parse(changed).has_value()) << changed;
    }
  }
}

TEST(UuidTest, OrderIsThatOfTheText) {
  EXPECT_LT(*Uuid::Parse("00000000-0000-0000-0000-0000000000ff"), *Uuid::Parse("00000000-0000-0000-0000-000000000100"));
  EXPECT_LT(*Uuid::Parse("7f000000-0000-0000-0000-000000000000"), *Uuid::Parse("80000000-0000-0000-0000-000000000000"));
}

}  // namespace
}  // namespace ochre
