#include "gateway/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Access kAccesses[] = {Access::kRead, Access::kWrite, Access::kAdmin};
constexpr Scope kScopes[] = {Scope::kNone, Scope::kTenant, Scope::kDatabase, Scope::kAllDatabases, Scope::kServer};

User UserOf(Access access, const std::string& tenant, const std::vector<std::string>& databases) {
  return {.id = "ada", .access = access, .tenant = tenant, .databases = databases};
}

bool May(const User& user, Access access, Scope scope, const std::string& tenant = "t", const std::string& db = "d") {
  const Status status = Authorize(user, access, scope, tenant, db);
  if (status.ok()) return true;
  EXPECT_EQ(status.code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), testing::StartsWith("Permission denied."));
  return false;
}

TEST(AuthorizationTest, ARoleMayDoWhatLesserOnesMayAndNoMore) {
  for (const Access role : kAccesses) {
    const User user = UserOf(role, "*", {"*"});
    for (const Access needed : kAccesses) {
      for (const Scope scope : kScopes) {
        EXPECT_EQ(May(user, needed, scope), role >= needed)
            << static_cast<int>(role) << " does " << static_cast<int>(needed) << " in " << static_cast<int>(scope);
      }
    }
  }
}

TEST(AuthorizationTest, AUserOfNothingMayDoNothingWithData) {
  const User user = UserOf(Access::kAdmin, "", {});
  for (const Scope scope : kScopes) EXPECT_EQ(May(user, Access::kRead, scope), scope == Scope::kNone);
  for (const Scope scope : kScopes) EXPECT_FALSE(May(User(), Access::kWrite, scope)) << "a user begins as a reader";
}

TEST(AuthorizationTest, ATenantsUserStaysInThatTenant) {
  const User user = UserOf(Access::kAdmin, "t", {"*"});
  for (const Scope scope : {Scope::kTenant, Scope::kDatabase, Scope::kAllDatabases}) {
    EXPECT_TRUE(May(user, Access::kAdmin, scope, "t"));
    for (const char* other : {"u", "T", "tt", "", "*"}) {
      EXPECT_FALSE(May(user, Access::kRead, scope, other)) << other;
    }
  }
  EXPECT_FALSE(May(user, Access::kRead, Scope::kServer, "t"));
}

TEST(AuthorizationTest, ADatabasesUserStaysInThoseDatabases) {
  const User user = UserOf(Access::kWrite, "t", {"d", "e"});
  EXPECT_TRUE(May(user, Access::kWrite, Scope::kDatabase, "t", "d"));
  EXPECT_TRUE(May(user, Access::kWrite, Scope::kDatabase, "t", "e"));
  for (const char* other : {"f", "D", "de", "", "*"}) {
    EXPECT_FALSE(May(user, Access::kRead, Scope::kDatabase, "t", other)) << other;
  }
  EXPECT_FALSE(May(user, Access::kRead, Scope::kDatabase, "u", "d"));
  EXPECT_FALSE(May(user, Access::kRead, Scope::kAllDatabases, "t"));
  EXPECT_TRUE(May(user, Access::kRead, Scope::kTenant, "t"));
}

TEST(AuthorizationTest, AllTenantsAreEveryTenant) {
  const User user = UserOf(Access::kRead, "*", {"d"});
  EXPECT_TRUE(May(user, Access::kRead, Scope::kDatabase, "anyone's", "d"));
  EXPECT_FALSE(May(user, Access::kRead, Scope::kDatabase, "anyone's", "e"));
  EXPECT_TRUE(May(user, Access::kRead, Scope::kServer));
}

// ---- The users file.

std::string FileOf(const std::string& fields) { return "{\"users\": [{" + fields + "}]}"; }

const std::string kAda = R"("id": "ada", "role": "writer", "tenant": "t", "databases": ["d", "e"])";
const std::string kTokens = R"("tokens": ["0123456789abcdef", "fedcba9876543210"])";

TEST(UsersFileTest, EveryFieldIsRead) {
  const auto users = Must(UsersFromJson(FileOf(kAda + ", " + kTokens + R"(, "password_hash": "$2b$x")")));
  ASSERT_THAT(users, testing::SizeIs(1));
  EXPECT_EQ(users[0].id, "ada");
  EXPECT_EQ(users[0].access, Access::kWrite);
  EXPECT_EQ(users[0].tenant, "t");
  EXPECT_THAT(users[0].databases, ElementsAre("d", "e"));
  EXPECT_THAT(users[0].tokens, ElementsAre("0123456789abcdef", "fedcba9876543210"));
  EXPECT_EQ(users[0].password_hash, "$2b$x");
}

TEST(UsersFileTest, RolesAreThoseThree) {
  const std::string rest = R"(, "id": "ada", "tenant": "t", "databases": ["d"], )" + kTokens;
  EXPECT_EQ(Must(UsersFromJson(FileOf(R"("role": "reader")" + rest)))[0].access, Access::kRead);
  EXPECT_EQ(Must(UsersFromJson(FileOf(R"("role": "writer")" + rest)))[0].access, Access::kWrite);
  EXPECT_EQ(Must(UsersFromJson(FileOf(R"("role": "admin")" + rest)))[0].access, Access::kAdmin);
}

TEST(UsersFileTest, NoUserIsFine) { EXPECT_THAT(Must(UsersFromJson(R"({"users": []})")), testing::IsEmpty()); }

TEST(UsersFileTest, WhatIsWrongIsNamedButNoSecretIs) {
  const std::pair<std::string, const char*> kWrong[] = {
      {"", "{\"users\": [...]}"},
      {"[]", "{\"users\": [...]}"},
      {"{}", "{\"users\": [...]}"},
      {R"({"users": {}})", "{\"users\": [...]}"},
      {R"({"users": [], "more": 1})", "{\"users\": [...]}"},
      {R"({"users": [1]})", "object"},
      {FileOf(kAda), "neither tokens nor a password_hash"},
      {FileOf(kAda + ", " + kTokens + R"(, "Role": "admin")"), "\"Role\""},
      {FileOf(R"("role": "reader", "tenant": "t", "databases": ["d"], )" + kTokens), "no id"},
      {FileOf(R"("id": "a:b", "role": "reader", "tenant": "t", "databases": ["d"], )" + kTokens), "colon"},
      {FileOf(R"("id": "ada", "role": "root", "tenant": "t", "databases": ["d"], )" + kTokens), "\"root\""},
      {FileOf(R"("id": "ada", "tenant": "t", "databases": ["d"], )" + kTokens), "role"},
      {FileOf(R"("id": "ada", "role": "reader", "databases": ["d"], )" + kTokens), "tenant"},
      {FileOf(R"("id": "ada", "role": "reader", "tenant": "t", )" + kTokens), "databases"},
      {FileOf(R"("id": "ada", "role": "reader", "tenant": "t", "databases": [], )" + kTokens), "databases"},
      {FileOf(R"("id": "ada", "role": "reader", "tenant": "t", "databases": "d", )" + kTokens), "databases"},
      {FileOf(R"("id": 7, "role": "reader", "tenant": "t", "databases": ["d"], )" + kTokens), "id"},
      {FileOf(kAda + R"(, "tokens": ["short-secret"])"), "16"},
      {FileOf(kAda + R"(, "tokens": "0123456789abcdef")"), "tokens"},
      {FileOf(kAda + R"(, "tokens": ["0123456789-secret", "0123456789-secret"])"), "twice"},
      {"{\"users\": [{" + kAda + "," + kTokens + "}, {" + kAda + R"(, "password_hash": "$2b$"}]})", "two users"},
  };
  for (const auto& [text, named] : kWrong) {
    const Status status = UsersFromJson(text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr(named)) << text;
    EXPECT_THAT(status.message(), testing::Not(HasSubstr("secret"))) << text;
  }
}

TEST(UsersFileTest, ATokenOfTwoUsersIsRefused) {
  const Status status =
      UsersFromJson("{\"users\": [{" + kAda + "," + kTokens +
                    R"(}, {"id": "bob", "role": "admin", "tenant": "*", "databases": ["*"], )" + kTokens + "}]}")
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("\"bob\" occurs twice"));
}

}  // namespace
}  // namespace ochre
