#include "gateway/collection_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

// A schema whose vector index has this config.
std::string WithVectorConfig(const std::string& config) {
  return R"({"keys": {"#embedding": {"float_list": {"vector_index": {"enabled": true, "config": )" + config + "}}}}}";
}

Json SchemaOf(const CollectionConfiguration& configuration) { return Json::parse(SchemaToJson(configuration)); }

TEST(CollectionSchemaTest, EveryCollectionHasTheDefaultSchema) {
  const Json schema = SchemaOf({});
  const Json& defaults = schema["defaults"];
  EXPECT_EQ(defaults["string"]["fts_index"]["enabled"], false);
  EXPECT_EQ(defaults["string"]["string_inverted_index"]["enabled"], true);
  EXPECT_EQ(defaults["float_list"]["vector_index"]["enabled"], false);
  EXPECT_EQ(defaults["sparse_vector"]["sparse_vector_index"],
            Json::parse(R"({"enabled": false, "config": {"embedding_function": {"type": "unknown"}, "bm25": false}})"));
  for (const char* type : {"int", "float", "bool"}) {
    EXPECT_EQ(defaults[type][std::string(type) + "_inverted_index"]["enabled"], true) << type;
  }
  const Json& keys = schema["keys"];
  EXPECT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys["#embedding"]["float_list"]["vector_index"]["enabled"], true);
  EXPECT_EQ(keys["#embedding"]["float_list"]["vector_index"]["config"]["source_key"], "#document");
  EXPECT_EQ(keys["#document"]["string"]["fts_index"]["enabled"], true);
  EXPECT_EQ(keys["#document"]["string"]["string_inverted_index"]["enabled"], false);
}

TEST(CollectionSchemaTest, TheVectorIndexIsShownAsItIsConfigured) {
  CollectionConfiguration configuration;
  configuration.hnsw.space = Space::kCosine;
  configuration.hnsw.ef_search = 77;
  configuration.embedding_function = R"({"type": "known", "name": "f", "config": {}})";
  const Json schema = SchemaOf(configuration);
  for (const Json& config : {schema["defaults"]["float_list"]["vector_index"]["config"],
                             schema["keys"]["#embedding"]["float_list"]["vector_index"]["config"]}) {
    EXPECT_EQ(config["space"], "cosine");
    EXPECT_EQ(config["hnsw"]["ef_search"], 77);
    EXPECT_FALSE(config["hnsw"].contains("space"));
    EXPECT_EQ(config["embedding_function"]["name"], "f");
  }
}

TEST(CollectionSchemaTest, AGivenSchemaConfiguresTheVectorIndexAndComesBack) {
  CollectionConfiguration configuration;
  ASSERT_OK(ApplySchema(WithVectorConfig(R"({"space": "ip", "hnsw": {"ef_construction": 222},
      "embedding_function": {"type": "known", "name": "f", "config": {"k": 1}}})"),
                        configuration));
  EXPECT_EQ(configuration.hnsw.space, Space::kInnerProduct);
  EXPECT_EQ(configuration.hnsw.ef_construction, 222);
  EXPECT_THAT(configuration.embedding_function, HasSubstr("\"f\""));

  ASSERT_OK(ApplySchema(R"({"defaults": {"int": {"int_inverted_index": {"enabled": false, "config": {}}}},
      "keys": {"year": {"int": {"int_inverted_index": {"enabled": true, "config": {}}}}}})",
                        configuration));
  const Json schema = SchemaOf(configuration);
  EXPECT_EQ(schema["defaults"]["int"]["int_inverted_index"]["enabled"], false);
  EXPECT_EQ(schema["keys"]["year"]["int"]["int_inverted_index"]["enabled"], true);
  EXPECT_EQ(schema["defaults"]["bool"]["bool_inverted_index"]["enabled"], true) << "what it does not mention stays";
}

TEST(CollectionSchemaTest, TheConfigOfTheKeyCountsBeforeTheDefaultOne) {
  CollectionConfiguration configuration;
  ASSERT_OK(ApplySchema(R"({"defaults": {"float_list": {"vector_index": {"config": {"space": "ip"}}}},
      "keys": {"#embedding": {"float_list": {"vector_index": {"config": {"space": "cosine"}}}}}})",
                        configuration));
  EXPECT_EQ(configuration.hnsw.space, Space::kCosine);
  CollectionConfiguration other;
  ASSERT_OK(ApplySchema(R"({"defaults": {"float_list": {"vector_index": {"config": {"space": "ip"}}}}})", other));
  EXPECT_EQ(other.hnsw.space, Space::kInnerProduct);
}

TEST(CollectionSchemaTest, OfASpannBlockTheSpaceIsTaken) {
  CollectionConfiguration configuration;
  ASSERT_OK(ApplySchema(WithVectorConfig(R"({"space": "cosine", "spann": {}, "hnsw": null})"), configuration));
  EXPECT_EQ(configuration.hnsw.space, Space::kCosine);
}

TEST(CollectionSchemaTest, ASchemaMayRepeatTheConfigurationButNotContradictIt) {
  CollectionConfiguration configuration;
  configuration.hnsw.space = Space::kCosine;
  EXPECT_OK(ApplySchema(WithVectorConfig(R"({"space": "cosine"})"), configuration));
  EXPECT_OK(ApplySchema(WithVectorConfig("{}"), configuration));
  const Status status = ApplySchema(WithVectorConfig(R"({"space": "ip"})"), configuration);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("Cannot set both collection config and schema simultaneously"));
  EXPECT_EQ(configuration.hnsw.space, Space::kCosine);
}

std::string Function(const std::string& name) { return R"({"config":{},"name":")" + name + R"(","type":"known"})"; }

TEST(CollectionSchemaTest, TheFunctionOfTheSchemaCountsWhereTheConfigurationNamesNone) {
  for (const std::string& unset : {std::string("null"), Function("default"), std::string(R"({"type":"legacy"})"),
                                   std::string(R"({"type":"unknown"})")}) {
    CollectionConfiguration configuration;
    configuration.embedding_function = unset;
    ASSERT_OK(ApplySchema(WithVectorConfig(R"({"embedding_function": )" + Function("openai") + "}"), configuration));
    EXPECT_EQ(configuration.embedding_function, Function("openai")) << unset;
    EXPECT_EQ(
        SchemaOf(
            configuration)["keys"]["#embedding"]["float_list"]["vector_index"]["config"]["embedding_function"]["name"],
        "openai");
  }
}

TEST(CollectionSchemaTest, TheFunctionOfTheConfigurationCountsWhereTheSchemaNamesNone) {
  for (const std::string& unset : {std::string("null"), Function("default"), std::string(R"({"type":"legacy"})")}) {
    CollectionConfiguration configuration;
    configuration.embedding_function = Function("openai");
    ASSERT_OK(ApplySchema(WithVectorConfig(R"({"embedding_function": )" + unset + "}"), configuration));
    EXPECT_EQ(configuration.embedding_function, Function("openai")) << unset;
  }
}

TEST(CollectionSchemaTest, TwoFunctionsAreRefusedUnlessTheyAreTheSame) {
  CollectionConfiguration configuration;
  configuration.embedding_function = Function("openai");
  const CollectionConfiguration before = configuration;
  const Status status = ApplySchema(
      WithVectorConfig(R"({"space": "ip", "embedding_function": )" + Function("cohere") + "}"), configuration);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("Cannot set both collection config and schema simultaneously"));
  EXPECT_EQ(configuration, before);
  EXPECT_OK(ApplySchema(WithVectorConfig(R"({"embedding_function": )" + Function("openai") + "}"), configuration));
}

TEST(CollectionSchemaTest, AllThreadsAreShownAsTheirNumber) {
  CollectionConfiguration configuration;
  const auto shown = [&] {
    return SchemaOf(configuration)["keys"]["#embedding"]["float_list"]["vector_index"]["config"]["hnsw"]["num_threads"];
  };
  EXPECT_EQ(shown(), std::max(1u, std::thread::hardware_concurrency()));
  configuration.hnsw.num_threads = 3;
  EXPECT_EQ(shown(), 3);
}

TEST(CollectionSchemaTest, WhatIsNoSchemaIsRefusedAndChangesNothing) {
  std::string deep = "1";
  for (int i = 0; i < 200; ++i) deep = "[" + deep + "]";
  const std::string enabled = R"({"enabled": true, "config": {}})";
  const std::pair<std::string, const char*> kWrong[] = {
      {"", "JSON object"},
      {"[]", "JSON object"},
      {"{\"keys\": ", "JSON object"},
      {R"({"keys": {"a": )" + deep + "}}", "nested"},
      {R"({"defaults": 1})", "\"defaults\""},
      {R"({"keys": []})", "\"keys\""},
      {R"({"keys": {"year": 1}})", "keys.year must be"},
      {R"({"keys": {"#embedding": {"float_list": 1}}})", "keys.#embedding.float_list must be"},
      {R"({"keys": {"#embedding": {"float_list": {"vector_index": []}}}})", "float_list.vector_index must be"},
      {R"({"keys": {"#document": {"string": {"fts_index": {"enabled": 1}}}}})", "fts_index.enabled must be"},
      {R"({"defaults": {"int": {"int_inverted_index": {"config": 1}}}})", "int_inverted_index.config must be"},
      {R"({"keys": {"#year": {}}})", "#year"},
      {R"({"keys": {"title": {"string": {"fts_index": )" + enabled + "}}}}", "\"title\""},
      {R"({"keys": {"title": {"float_list": {"vector_index": )" + enabled + "}}}}", "\"title\""},
      {R"({"keys": {"#document": {"string": {"string_inverted_index": )" + enabled + "}}}}", "#document"},
      {R"({"defaults": {"float_list": {"vector_index": )" + enabled + "}}}", "vector_index"},
      {R"({"defaults": {"string": {"fts_index": )" + enabled + "}}}", "fts_index"},
      {R"({"defaults": {"sparse_vector": {"sparse_vector_index": )" + enabled + "}}}", "sparse_vector_index"},
      {WithVectorConfig(R"({"space": "manhattan"})"), "manhattan"},
      {WithVectorConfig(R"({"space": "ip", "hnsw": 1})"), "hnsw"},
      {WithVectorConfig(R"({"hnsw": {"ef": 1}})"), "ef"},
      {WithVectorConfig(R"({"hnsw": {"ef_search": 0}})"), "ef_search"},
      {WithVectorConfig(R"({"hnsw": {}, "spann": {}})"), "Multiple vector index configurations"},
  };
  for (const auto& [schema, named] : kWrong) {
    CollectionConfiguration configuration;
    const Status status = ApplySchema(schema, configuration);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << schema;
    EXPECT_THAT(status.message(), HasSubstr(named)) << schema;
    EXPECT_EQ(configuration, CollectionConfiguration()) << schema;
  }
}

TEST(CollectionSchemaTest, ANullSaysNothing) {
  CollectionConfiguration configuration;
  ASSERT_OK(ApplySchema(R"({"defaults": {"float_list": null, "int": {"int_inverted_index": null}},
      "keys": {"#embedding": {"float_list": {"vector_index": {"enabled": true, "config": null}}, "string": null}}})",
                        configuration));
  EXPECT_EQ(SchemaOf(configuration), SchemaOf({}));
}

TEST(CollectionSchemaTest, FieldsThatNothingReadsAreKept) {
  CollectionConfiguration configuration;
  ASSERT_OK(ApplySchema(R"({"more": [1], "keys": {"k": {"string": {"string_inverted_index": {"extra": 1}}}}})",
                        configuration));
  const Json schema = SchemaOf(configuration);
  EXPECT_EQ(schema["more"], Json::parse("[1]"));
  EXPECT_EQ(schema["keys"]["k"]["string"]["string_inverted_index"]["extra"], 1);
}

}  // namespace
}  // namespace ochre
