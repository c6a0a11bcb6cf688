#include "server/cross_origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/must.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

HttpHead HeadFrom(const std::string& origin, HttpMethod method = HttpMethod::kPost) {
  HttpHead head;
  head.method = method;
  head.host = "127.0.0.1:8000";
  head.origin = origin;
  return head;
}

HttpHead Preflight(const std::string& origin) {
  HttpHead head = HeadFrom(origin, HttpMethod::kOptions);
  head.requested_method = "POST";
  head.requested_headers = "authorization, x-other";
  return head;
}

auto FieldsFor(const CrossOrigin& cross_origin, const HttpHead& head) {
  HttpResponse answer;
  cross_origin.AddFields(head, answer);
  return answer.headers;
}

TEST(CrossOriginTest, WithoutOriginsNoPageOfAnotherOriginIsServed) {
  const CrossOrigin none({});
  EXPECT_THAT(FieldsFor(none, HeadFrom("https://app.example")), IsEmpty());
  EXPECT_FALSE(none.IsGrantedPreflight(Preflight("https://app.example")));
  EXPECT_TRUE(none.Forbids(HeadFrom("https://app.example")));
  EXPECT_TRUE(none.Forbids(HeadFrom("null", HttpMethod::kDelete)));
  EXPECT_FALSE(none.Forbids(HeadFrom("https://app.example", HttpMethod::kGet))) << "which the page cannot read";
}

TEST(CrossOriginTest, WhoIsNoPageOrOfTheServersOwnOriginIsNotAsked) {
  const CrossOrigin none({});
  EXPECT_FALSE(none.Forbids(HeadFrom("")));
  EXPECT_FALSE(none.Forbids(HeadFrom("http://127.0.0.1:8000")));
  EXPECT_FALSE(none.Forbids(HeadFrom("https://127.0.0.1:8000")));
  EXPECT_TRUE(none.Forbids(HeadFrom("http://127.0.0.1:3000"))) << "a port is part of an origin";
}

TEST(CrossOriginTest, AnOriginThatIsNamedMayCallAndCachesKeepItsAnswersApart) {
  const CrossOrigin some({"https://app.example", "http://localhost:3000"});
  const auto allowed = FieldsFor(some, HeadFrom("http://localhost:3000"));
  EXPECT_THAT(allowed, ElementsAre(Pair("Vary", "Origin"), Pair("Access-Control-Allow-Origin", "http://localhost:3000"),
                                   Pair("Access-Control-Expose-Headers", testing::HasSubstr("chroma-trace-id"))));
  EXPECT_FALSE(some.Forbids(HeadFrom("http://localhost:3000")));
  for (const std::string origin : {"https://app.example.evil", "https://app.exampl", "http://app.example", "null",
                                   "https://app.example,http://localhost:3000"}) {
    EXPECT_THAT(FieldsFor(some, HeadFrom(origin)), ElementsAre(Pair("Vary", "Origin"))) << origin;
    EXPECT_TRUE(some.Forbids(HeadFrom(origin))) << origin;
    EXPECT_FALSE(some.IsGrantedPreflight(Preflight(origin))) << origin;
  }
  EXPECT_THAT(FieldsFor(some, HeadFrom("")), ElementsAre(Pair("Vary", "Origin")));
}

TEST(CrossOriginTest, AllOriginsAreAnsweredAlike) {
  const CrossOrigin all({"*"});
  for (const std::string origin : {"https://app.example", "null", ""}) {
    EXPECT_THAT(FieldsFor(all, HeadFrom(origin)), ElementsAre(Pair("Access-Control-Allow-Origin", "*"),
                                                              Pair("Access-Control-Expose-Headers", testing::_)));
    EXPECT_FALSE(all.Forbids(HeadFrom(origin)));
  }
}

TEST(CrossOriginTest, APreflightIsGrantedTheFieldsItAsksFor) {
  const CrossOrigin some({"https://app.example"});
  const HttpHead head = Preflight("https://app.example");
  ASSERT_TRUE(some.IsGrantedPreflight(head));
  HttpResponse answer;
  some.GrantPreflight(head, "GET, POST", answer);
  EXPECT_THAT(
      answer.headers,
      ElementsAre(Pair("Access-Control-Allow-Methods", "GET, POST"),
                  Pair("Access-Control-Allow-Headers", "authorization, x-other"), Pair("Access-Control-Max-Age", "600"),
                  Pair("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")));
  EXPECT_FALSE(some.IsGrantedPreflight(HeadFrom("https://app.example", HttpMethod::kOptions))) << "no method asked for";
}

TEST(CrossOriginTest, ListsOfOriginsAreReadInLowerCase) {
  EXPECT_THAT(Must(ParseOrigins("https://App.example:8443,null,http://[::1]:80,*")),
              ElementsAre("https://app.example:8443", "null", "http://[::1]:80", "*"));
  EXPECT_THAT(Must(ParseOrigins("")), IsEmpty());
  EXPECT_EQ(ParseOrigins("https://app.example/").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ochre
