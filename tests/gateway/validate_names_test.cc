#include <gmock/gmock.h>

#include "gateway/validate.h"

namespace ochre {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

bool IsAllowed(std::string_view name) { return ValidateName("name", name).ok(); }

TEST(ValidateNameTest, TakesThreeTo512OfTheAllowedCharacters) {
  EXPECT_TRUE(IsAllowed("abc"));
  EXPECT_TRUE(IsAllowed("a.b"));
  EXPECT_TRUE(IsAllowed("A_b-C.9"));
  EXPECT_TRUE(IsAllowed("000"));
  EXPECT_TRUE(IsAllowed(std::string(512, 'x')));
  EXPECT_FALSE(IsAllowed(""));
  EXPECT_FALSE(IsAllowed("ab"));
  EXPECT_FALSE(IsAllowed(std::string(513, 'x')));
}

TEST(ValidateNameTest, RefusesEveryOtherCharacter) {
  for (int c = 0; c < 256; ++c) {
    const std::string name = {'a', static_cast<char>(c), 'b'};
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    EXPECT_EQ(IsAllowed(name), allowed) << c;
  }
}

TEST(ValidateNameTest, BothEndsAreAlphanumeric) {
  for (const char* name : {"_ab", "ab_", "-ab", "ab-", ".ab", "ab.", "___"}) EXPECT_FALSE(IsAllowed(name)) << name;
}

TEST(ValidateNameTest, TwoDotsInARowAreRefusedAndNamed) {
  EXPECT_TRUE(IsAllowed("a.b.c"));
  EXPECT_THAT(ValidateName("name", "a..b").message(), EndsWith("Got: a..b (two dots in a row)"));
}

TEST(ValidateNameTest, AnIpAddressIsRefusedAndNamed) {
  EXPECT_THAT(ValidateName("name", "192.168.1.1").message(), EndsWith("Got: 192.168.1.1 (an IP address)"));
  EXPECT_FALSE(IsAllowed("::1"));
  EXPECT_TRUE(IsAllowed("192.168.1"));
  EXPECT_TRUE(IsAllowed("192.168.1.256"));
}

TEST(ValidateNameTest, TheMessageIsTheOneThatClientsKnow) {
  const Status status = ValidateName("new_name", "x!");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "Validation error: new_name: Expected a name containing 3-512 characters from [a-zA-Z0-9._-], starting and "
            "ending with a character in [a-zA-Z0-9]. Got: x!");
}

TEST(ValidateNameTest, TheMessageIsShortAndUtf8WhateverTheName) {
  EXPECT_LT(ValidateName("name", std::string(1 << 20, '!')).message().size(), 1000u);
  EXPECT_THAT(ValidateName("name", "\xff\xff\xff").message(), EndsWith("Got: bytes that are no valid UTF-8"));
  std::string long_name = "x";
  for (int i = 0; i < 1000; ++i) long_name += "é";  // byte 512 is inside of one
  EXPECT_THAT(ValidateName("name", long_name).message(), EndsWith("é"));
}

TEST(ValidateTenantNameTest, TakesAnythingOfThreeCharacters) {
  EXPECT_TRUE(ValidateTenantName("abc").ok());
  EXPECT_TRUE(ValidateTenantName("a b").ok());
  EXPECT_TRUE(ValidateTenantName("漢字!").ok());
  EXPECT_TRUE(ValidateTenantName("...").ok());
}

TEST(ValidateTenantNameTest, CountsCharactersNotBytes) {
  EXPECT_FALSE(ValidateTenantName("ab").ok());
  EXPECT_FALSE(ValidateTenantName("漢字").ok());
  EXPECT_FALSE(ValidateTenantName("éa").ok());
  EXPECT_THAT(ValidateTenantName("éa").message(), HasSubstr("at least 3 characters of valid UTF-8. Got: éa"));
}

TEST(ValidateTenantNameTest, RefusesWhatIsNoUtf8WithoutRepeatingIt) {
  const Status status = ValidateTenantName("abc\xff");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), Not(HasSubstr("\xff")));
}

}  // namespace
}  // namespace ochre
