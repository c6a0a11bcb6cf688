#include "ochre/quotas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "tests/support/expect_ok.h"
#include "tests/support/must.h"
#include "types/quota_rules.h"

namespace ochre {
namespace {

using testing::HasSubstr;

TEST(QuotasTest, EveryRuleIsOffUnlessItIsSet) {
  for (const QuotaRule& rule : kQuotaRules) EXPECT_FALSE((Quotas().*rule.limit).has_value()) << rule.name;
  EXPECT_EQ(Must(ParseQuotas("none")), Quotas());
  EXPECT_EQ(Must(ParseQuotas("{}")), Quotas());
}

TEST(QuotasTest, TheTableNamesEachRuleOnceAndLeadsToItsOwnLimit) {
  std::set<std::string_view> names, words;
  Quotas quotas;
  int64_t limit = 0;
  for (const QuotaRule& rule : kQuotaRules) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_TRUE(words.insert(rule.words).second) << rule.words;
    EXPECT_FALSE((quotas.*rule.limit).has_value()) << rule.name << " shares its limit with another rule";
    quotas.*rule.limit = ++limit;
  }
}

TEST(QuotasTest, EachRuleIsReadByItsName) {
  for (const QuotaRule& rule : kQuotaRules) {
    Quotas expected;
    expected.*rule.limit = 7;
    EXPECT_EQ(Must(ParseQuotas("{\"" + std::string(rule.name) + "\": 7}")), expected) << rule.name;
  }
}

TEST(QuotasTest, ThePresetHasThePublishedNumbers) {
  const Quotas quotas = Must(ParseQuotas("chroma-cloud"));
  EXPECT_EQ(quotas, Quotas::ChromaCloud());
  EXPECT_EQ(quotas.embedding_dimensions, 4'096);
  EXPECT_EQ(quotas.document_size_bytes, 16'384);
  EXPECT_EQ(quotas.uri_size_bytes, 256);
  EXPECT_EQ(quotas.id_size_bytes, 128);
  EXPECT_EQ(quotas.name_size_bytes, 128);
  EXPECT_EQ(quotas.metadata_value_size_bytes, 8'182);
  EXPECT_EQ(quotas.metadata_key_size_bytes, 36);
  EXPECT_EQ(quotas.num_metadata_keys, 32);
  EXPECT_EQ(quotas.collection_metadata_value_size_bytes, 256);
  EXPECT_EQ(quotas.num_collection_metadata_keys, 32);
  EXPECT_EQ(quotas.num_where_predicates, 8);
  EXPECT_EQ(quotas.where_document_value_length, 256);
  EXPECT_EQ(quotas.regex_pattern_length, 256);
  EXPECT_EQ(quotas.num_results, 300);
  EXPECT_EQ(quotas.num_records, 300);
  EXPECT_EQ(quotas.collection_size_records, 5'000'000);
  EXPECT_EQ(quotas.num_collections, 1'000'000);
  EXPECT_EQ(quotas.num_concurrent_reads, 10);
  EXPECT_EQ(quotas.num_concurrent_writes, 10);
}

TEST(QuotasTest, RulesChangeAPresetWhereverItStands) {
  Quotas expected = Quotas::ChromaCloud();
  expected.num_records = 5'000;
  expected.num_results = std::nullopt;
  EXPECT_EQ(Must(ParseQuotas(R"({"num_records": 5000, "preset": "chroma-cloud", "num_results": null})")), expected);
  EXPECT_EQ(Must(ParseQuotas(R"({"preset": "none"})")), Quotas());
}

TEST(QuotasTest, LimitsReachFromZeroToTheLargestInteger) {
  EXPECT_EQ(Must(ParseQuotas(R"({"num_records": 0})")).num_records, 0);
  EXPECT_EQ(Must(ParseQuotas(R"({"num_records": 9223372036854775807})")).num_records,
            std::numeric_limits<int64_t>::max());
}

TEST(QuotasTest, WhatIsNoneOfTheFormsIsRefusedByName) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"", "chroma-cloud"},
      {"chroma", "\"chroma\""},
      {"[1]", "[1]"},
      {R"({"num_records": 5)", "JSON"},
      {R"([{"num_records": 5}])", "JSON"},
      {R"({"num_record": 5})", "\"num_record\""},
      {R"({"num_records": -1})", "num_records"},
      {R"({"num_records": 1.5})", "num_records"},
      {R"({"num_records": "5"})", "num_records"},
      {R"({"num_records": true})", "num_records"},
      {R"({"num_records": 9223372036854775808})", "num_records"},
      {R"({"preset": "cloud"})", "\"cloud\""},
      {R"({"preset": 1})", "preset"},
  };
  for (const auto& [text, named] : kWrong) {
    const Status status = ParseQuotas(text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr(named)) << text;
  }
}

TEST(QuotasTest, ANegativeLimitIsInvalid) {
  EXPECT_OK(ValidateQuotas(Quotas::ChromaCloud()));
  EXPECT_OK(ValidateQuotas({.num_results = 0}));
  const Status status = ValidateQuotas({.num_results = -1});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("num_results"));
}

}  // namespace
}  // namespace ochre
