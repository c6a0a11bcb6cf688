#include "gateway/authenticator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

const char kAdasToken[] = "ada's token, 22 chars.";
const char kAdasOther[] = "another token of ada's";
const char kBobsToken[] = "bob's token, 22 chars.";

std::atomic<int> verified = 0;  // passwords whose hashes were computed

// The "hash" of a password is the password in brackets.
bool VerifyBracketed(const std::string& password, const std::string& hash) {
  verified.fetch_add(1);
  return hash == "[" + password + "]";
}

std::vector<User> Users() {
  return {
      {.id = "ada", .access = Access::kAdmin, .tenant = "*", .databases = {"*"}, .tokens = {kAdasToken, kAdasOther}},
      {.id = "bob", .tenant = "t", .databases = {"*"}, .tokens = {kBobsToken}, .password_hash = "[secret]"},
      {.id = "eve", .tenant = "t", .databases = {"*"}, .password_hash = "[secret too]"}};
}

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() { verified.store(0); }

  // The id of whose credential it is; empty: nobody's.
  std::string WhoseIs(const Credential& credential) {
    const auto user = authenticator_.Authenticate(credential);
    if (user.ok()) return (*user)->id;
    EXPECT_EQ(user.status().code(), StatusCode::kUnauthenticated);
    EXPECT_EQ(user.status().message(), "Permission denied.") << "it says nothing about what was wrong";
    return "";
  }

  Authenticator authenticator_{Users(), &VerifyBracketed};
};

TEST_F(AuthenticatorTest, ATokenBelongsToItsUser) {
  EXPECT_EQ(WhoseIs({.token = kAdasToken}), "ada");
  EXPECT_EQ(WhoseIs({.token = kAdasOther}), "ada");
  EXPECT_EQ(WhoseIs({.token = kBobsToken}), "bob");
}

TEST_F(AuthenticatorTest, AnyOtherTokenIsNobodys) {
  const std::string token = kAdasToken;
  EXPECT_EQ(WhoseIs({.token = token + "x"}), "");
  EXPECT_EQ(WhoseIs({.token = token.substr(1)}), "");
  EXPECT_EQ(WhoseIs({.token = token + token}), "");
  EXPECT_EQ(WhoseIs({.token = token + std::string(1, '\0')}), "");
  EXPECT_EQ(WhoseIs({.token = "[secret]"}), "") << "a hash is no token";
  for (size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] ^= 1;
    EXPECT_EQ(WhoseIs({.token = wrong}), "") << wrong;
  }
}

TEST_F(AuthenticatorTest, NoCredentialIsNobodys) {
  EXPECT_EQ(WhoseIs({}), "");
  EXPECT_EQ(WhoseIs({.password = "secret"}), "");
}

TEST_F(AuthenticatorTest, APasswordBelongsToTheUserWhomItNames) {
  EXPECT_EQ(WhoseIs({.user = "bob", .password = "secret"}), "bob");
  EXPECT_EQ(WhoseIs({.user = "eve", .password = "secret too"}), "eve");
  EXPECT_EQ(WhoseIs({.user = "eve", .password = "secret"}), "");
  EXPECT_EQ(WhoseIs({.user = "bob", .password = ""}), "");
  EXPECT_EQ(WhoseIs({.user = "ada", .password = ""}), "") << "she has no password";
  EXPECT_EQ(WhoseIs({.user = "mallory", .password = "secret"}), "");
  EXPECT_EQ(WhoseIs({.user = "bob", .password = kBobsToken}), "") << "a token is no password";
}

TEST_F(AuthenticatorTest, ATokenCountsBeforeAPassword) {
  EXPECT_EQ(WhoseIs({.token = "wrong", .user = "bob", .password = "secret"}), "");
}

TEST_F(AuthenticatorTest, ARightPasswordIsHashedOnceAndAWrongOneEachTime) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(WhoseIs({.user = "bob", .password = "secret"}), "bob");
  EXPECT_EQ(verified.load(), 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(WhoseIs({.user = "bob", .password = "guess"}), "");
  EXPECT_EQ(verified.load(), 4);
  EXPECT_EQ(WhoseIs({.user = "bob", .password = "secret"}), "bob") << "guesses of others do not lock a user out";
}

TEST_F(AuthenticatorTest, AnUnknownUserCostsAHashToo) {
  EXPECT_EQ(WhoseIs({.user = "mallory", .password = "x"}), "");
  EXPECT_EQ(WhoseIs({.user = "ada", .password = "x"}), "");
  EXPECT_EQ(verified.load(), 2);
}

TEST_F(AuthenticatorTest, TooManyWrongPasswordsAreRefusedUnhashedAndKnownOnesStillPass) {
  EXPECT_EQ(WhoseIs({.user = "bob", .password = "secret"}), "bob");
  Status last;
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    last = authenticator_.Authenticate({.user = "bob", .password = "guess" + std::to_string(i)}).status();
    if (last.code() == StatusCode::kResourceExhausted) ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(verified.load(), 201 - refused);
  EXPECT_EQ(WhoseIs({.user = "bob", .password = "secret"}), "bob");
}

TEST(EqualInConstantTimeTest, IsEquality) {
  EXPECT_TRUE(EqualInConstantTime("secret", "secret"));
  EXPECT_FALSE(EqualInConstantTime("secreT", "secret"));
  EXPECT_FALSE(EqualInConstantTime("Secret", "secret"));
  EXPECT_FALSE(EqualInConstantTime("secre", "secret"));
  EXPECT_FALSE(EqualInConstantTime("secrets", "secret"));
  EXPECT_FALSE(EqualInConstantTime("secretsecret", "secret"));
  EXPECT_FALSE(EqualInConstantTime("", "secret"));
  EXPECT_FALSE(EqualInConstantTime("", "")) << "no secret is no secret to know";
  EXPECT_FALSE(EqualInConstantTime("x", ""));
  EXPECT_FALSE(EqualInConstantTime(std::string("a\0b", 3), std::string("a\0c", 3)));
}

}  // namespace
}  // namespace ochre
