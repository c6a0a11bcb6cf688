#include "bench/workload/ann_bench/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

Result<BenchOptions> Parse(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"--base", "b.fvecs", "--queries", "q.fvecs"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return ParseOptions(arguments);
}

TEST(ParseOptionsTest, EveryOptionIsTaken) {
  ASSERT_OK_AND_ASSIGN(const BenchOptions options, Parse({"--space",
                                                          "cosine",
                                                          "--k",
                                                          "20",
                                                          "--threads",
                                                          "2",
                                                          "--peers",
                                                          "hnswlib,faiss",
                                                          "--filter-selectivity",
                                                          "0.1,50",
                                                          "--json",
                                                          "o.json",
                                                          "--svg",
                                                          "o.svg",
                                                          "--dispatch",
                                                          "avx2",
                                                          "--quantization",
                                                          "lvq4",
                                                          "--m",
                                                          "32",
                                                          "--ef-construction",
                                                          "100",
                                                          "--rounds",
                                                          "5",
                                                          "--quick",
                                                          "--reuse",
                                                          "--truth",
                                                          "t.ivecs",
                                                          "--work",
                                                          "w"}));
  EXPECT_EQ(options.base, "b.fvecs");
  EXPECT_EQ(options.queries, "q.fvecs");
  EXPECT_EQ(options.truth, "t.ivecs");
  EXPECT_EQ(options.work, "w");
  EXPECT_EQ(options.space, Space::kCosine);
  EXPECT_EQ(options.k, 20);
  EXPECT_EQ(options.threads, 2);
  EXPECT_THAT(options.peers, ElementsAre("hnswlib", "faiss"));
  EXPECT_THAT(options.filter_selectivities, ElementsAre(DoubleNear(0.001, 1e-12), DoubleNear(0.5, 1e-12)));
  EXPECT_EQ(options.json, "o.json");
  EXPECT_EQ(options.svg, "o.svg");
  EXPECT_TRUE(options.avx2);
  EXPECT_EQ(options.quantization, Quantization::kLvq4);
  EXPECT_EQ(options.max_neighbors, 32);
  EXPECT_EQ(options.ef_construction, 100);
  EXPECT_EQ(options.rounds, 5);
  EXPECT_TRUE(options.quick);
  EXPECT_TRUE(options.reuse);
}

void ExpectRefused(const std::vector<std::string>& more, const std::string& part) {
  const auto options = Parse(more);
  ASSERT_EQ(options.status().code(), StatusCode::kInvalidArgument) << part;
  EXPECT_THAT(options.status().message(), HasSubstr(part));
}

TEST(ParseOptionsTest, WhatIsWrongIsNamed) {
  ExpectRefused({"--spaec", "l2"}, "--spaec");
  ExpectRefused({"--space"}, "--space takes a value");
  ExpectRefused({"--space", "hamming"}, "cosine, ip, l2, not hamming");
  ExpectRefused({"--k", "0"}, "from 1 to");
  ExpectRefused({"--k", "10x"}, "not 10x");
  ExpectRefused({"--peers", "hnswlib,annoy"}, "annoy");
  ExpectRefused({"--filter-selectivity", "1,0"}, "not 0");
  ExpectRefused({"--filter-selectivity", "1,,2"}, "--filter-selectivity");
  ExpectRefused({"--dispatch", "neon"}, "neon");
}

TEST(ParseOptionsTest, BaseAndQueriesAreRequired) {
  const auto options = ParseOptions(std::vector<std::string>{"--base", "b.fvecs"});
  EXPECT_EQ(options.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(options.status().message(), HasSubstr("--queries"));
}

}  // namespace
}  // namespace ochre
