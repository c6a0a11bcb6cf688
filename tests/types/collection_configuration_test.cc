#include "types/collection_configuration.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace ochre {
namespace {

using testing::HasSubstr;

void ExpectRefused(const std::string& json, const std::string& reason) {
  const auto configuration = ConfigurationFromJson(json);
  ASSERT_FALSE(configuration.ok()) << json;
  EXPECT_EQ(configuration.status().code(), StatusCode::kInvalidArgument) << json;
  EXPECT_THAT(configuration.status().message(), HasSubstr(reason)) << json;
}

CollectionConfiguration Parsed(const std::string& json) {
  const auto configuration = ConfigurationFromJson(json);
  EXPECT_TRUE(configuration.ok()) << json << ": " << configuration.status().ToString();
  return configuration.ok() ? *configuration : CollectionConfiguration();
}

TEST(CollectionConfigurationTest, QuantizationIsNamedOnlyWhereItIsNotTheDefault) {
  CollectionConfiguration configuration;
  EXPECT_EQ(ConfigurationToJson(configuration).find("quantization"), std::string::npos);
  for (const auto& [quantization, name] :
       {std::pair(Quantization::kNone, "none"), std::pair(Quantization::kLvq4, "lvq4")}) {
    configuration.hnsw.quantization = quantization;
    const std::string json = ConfigurationToJson(configuration);
    EXPECT_NE(json.find(R"("quantization":")" + std::string(name) + "\""), std::string::npos) << json;
    EXPECT_EQ(Parsed(json).hnsw.quantization, quantization);
  }
  EXPECT_EQ(Parsed(R"({"hnsw": {"quantization": "int8"}})").hnsw, HnswConfiguration());
  ExpectRefused(R"({"hnsw": {"quantization": "int4"}})", "\"quantization\"");
  configuration.hnsw.quantization = static_cast<Quantization>(9);
  EXPECT_EQ(ValidateConfiguration(configuration).code(), StatusCode::kInvalidArgument);
}

TEST(CollectionConfigurationTest, AbsentBlocksAndFieldsAreDefaults) {
  for (const char* json : {"{}", R"({"hnsw": {}})", R"({"hnsw": null, "spann": null, "embedding_function": null})"}) {
    EXPECT_EQ(Parsed(json), CollectionConfiguration()) << json;
  }
}

TEST(CollectionConfigurationTest, TheDefaultsAreChromas) {
  EXPECT_EQ(ConfigurationToJson({}),
            R"({"embedding_function":null,"hnsw":{"batch_size":100,"ef_construction":100,"ef_search":100,)"
            R"("max_neighbors":16,"num_threads":0,"resize_factor":1.2,"space":"l2","sync_threshold":1000}})");
}

TEST(CollectionConfigurationTest, EveryFieldIsReadOverItsDefault) {
  HnswConfiguration expected;
  expected.space = Space::kCosine;
  expected.ef_search = 7;
  EXPECT_EQ(Parsed(R"({"hnsw": {"space": "cosine", "ef_search": 7}})").hnsw, expected);

  const HnswConfiguration all = {.space = Space::kInnerProduct,
                                 .max_neighbors = 2,
                                 .ef_construction = 3,
                                 .ef_search = 4,
                                 .num_threads = 5,
                                 .resize_factor = 6,
                                 .batch_size = 7,
                                 .sync_threshold = 8};
  EXPECT_EQ(Parsed(R"({"hnsw": {"space": "ip", "max_neighbors": 2, "ef_construction": 3, "ef_search": 4,
                       "num_threads": 5, "resize_factor": 6, "batch_size": 7, "sync_threshold": 8}})")
                .hnsw,
            all);
}

TEST(CollectionConfigurationTest, WhatIsPrintedReadsBackAsItWas) {
  const CollectionConfiguration configuration = {
      .hnsw = {.space = Space::kCosine, .max_neighbors = 48, .resize_factor = 1.7, .batch_size = 12},
      .embedding_function = R"({"config":{"model":"x"},"name":"n","type":"known"})"};
  EXPECT_EQ(Parsed(ConfigurationToJson(configuration)), configuration);
}

TEST(CollectionConfigurationTest, AnUnknownFieldInsideHnswIsRefusedByName) {
  ExpectRefused(R"({"hnsw": {"ef": 10}})", "unknown field \"ef\"");
}

TEST(CollectionConfigurationTest, UnknownTopLevelKeysAreIgnored) {
  EXPECT_EQ(Parsed(R"({"other": {"space": "ip"}})"), CollectionConfiguration());
}

TEST(CollectionConfigurationTest, OfASpannBlockOnlyTheSpaceCounts) {
  HnswConfiguration expected;
  expected.space = Space::kCosine;
  EXPECT_EQ(Parsed(R"({"spann": {"space": "cosine", "ef_search": 33, "search_nprobe": 9}})").hnsw, expected);
  EXPECT_EQ(Parsed(R"({"spann": {}})").hnsw, HnswConfiguration());
  ExpectRefused(R"({"spann": {"space": "far"}})", "spann field \"space\"");
  ExpectRefused(R"({"spann": 1})", "must be an object");
}

TEST(CollectionConfigurationTest, BothBlocksAtOnceAreRefused) {
  ExpectRefused(R"({"hnsw": {}, "spann": {}})", "Multiple vector index configurations provided");
}

TEST(CollectionConfigurationTest, ValuesOfTheWrongTypeAreRefusedByField) {
  ExpectRefused(R"({"hnsw": {"space": "euclid"}})", "\"space\" cannot be \"euclid\"");
  ExpectRefused(R"({"hnsw": {"space": 1}})", "\"space\" cannot be 1");
  ExpectRefused(R"({"hnsw": {"ef_search": "10"}})", "\"ef_search\"");
  ExpectRefused(R"({"hnsw": {"ef_search": 10.5}})", "\"ef_search\"");
  ExpectRefused(R"({"hnsw": {"ef_search": null}})", "\"ef_search\" cannot be null");
  ExpectRefused(R"({"hnsw": {"ef_search": 2147483648}})", "\"ef_search\"");
  ExpectRefused(R"({"hnsw": {"batch_size": 18446744073709551615}})", "\"batch_size\"");
  ExpectRefused(R"({"hnsw": {"resize_factor": "big"}})", "\"resize_factor\"");
  ExpectRefused(R"({"hnsw": []})", "must be an object");
}

TEST(CollectionConfigurationTest, NumbersAreHeldToTheirBounds) {
  const auto with = [](const std::string& field, const std::string& value) {
    return R"({"hnsw": {")" + field + "\": " + value + "}}";
  };
  struct Bounds {
    const char* field;
    const char* below;
    const char* min;
    const char* max;
    const char* above;  // null: no bound but the type's
  };
  for (const Bounds& bounds : {Bounds{"max_neighbors", "0", "1", "2147483647", "2147483648"},
                               Bounds{"ef_construction", "0", "1", "2147483647", "2147483648"},
                               Bounds{"ef_search", "0", "1", "2147483647", "2147483648"},
                               Bounds{"num_threads", "-1", "0", "2147483647", "2147483648"},
                               Bounds{"batch_size", "1", "2", "9223372036854775807", nullptr},
                               Bounds{"sync_threshold", "1", "2", "9223372036854775807", nullptr},
                               Bounds{"resize_factor", "0.99", "1", "1e300", nullptr}}) {
    SCOPED_TRACE(bounds.field);
    ExpectRefused(with(bounds.field, bounds.below), bounds.below);
    (void)Parsed(with(bounds.field, bounds.min));
    (void)Parsed(with(bounds.field, bounds.max));
    if (bounds.above != nullptr) ExpectRefused(with(bounds.field, bounds.above), bounds.field);
  }
}

TEST(CollectionConfigurationTest, TheIndexUsesWhatItCan) {
  const HnswConfiguration ordinary = {.max_neighbors = 48, .ef_construction = 200, .ef_search = 300};
  EXPECT_EQ(AsUsed(ordinary), ordinary);
  HnswConfiguration used = AsUsed({.max_neighbors = 1, .ef_construction = 1, .ef_search = 1});
  EXPECT_EQ(used.max_neighbors, 2);
  EXPECT_EQ(used.ef_construction, 1);
  EXPECT_EQ(used.ef_search, 1);
  used = AsUsed({.max_neighbors = 1'000, .ef_construction = 20'000, .ef_search = 2'147'483'647});
  EXPECT_EQ(used.max_neighbors, 512);
  EXPECT_EQ(used.ef_construction, 10'000);
  EXPECT_EQ(used.ef_search, 10'000);
}

TEST(CollectionConfigurationTest, ThatASpannBlockWasGivenIsKnownAndNoPartOfTheConfiguration) {
  EXPECT_FALSE(Parsed(R"({"hnsw": {}, "spann": null})").has_spann);
  const CollectionConfiguration spann = Parsed(R"({"spann": {}})");
  EXPECT_TRUE(spann.has_spann);
  EXPECT_EQ(spann, CollectionConfiguration());
  EXPECT_FALSE(Parsed(ConfigurationToJson(spann)).has_spann);
}

TEST(CollectionConfigurationTest, AStructIsHeldToTheSameRules) {
  CollectionConfiguration configuration;
  configuration.hnsw.resize_factor = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ValidateConfiguration(configuration).message(), HasSubstr("resize_factor"));
  configuration = {};
  configuration.hnsw.space = static_cast<Space>(9);
  EXPECT_THAT(ValidateConfiguration(configuration).message(), HasSubstr("space is number 9"));
  configuration = {};
  configuration.embedding_function = "{";
  EXPECT_THAT(ValidateConfiguration(configuration).message(), HasSubstr("embedding function"));
}

TEST(CollectionConfigurationTest, EmbeddingFunctionsAreOfThreeTypes) {
  for (const char* block :
       {"null", R"({"type":"legacy"})", R"({"type":"unknown"})", R"({"config":{},"name":"n","type":"known"})"}) {
    EXPECT_EQ(Parsed(std::string("{\"embedding_function\": ") + block + "}").embedding_function, block);
  }
  for (const char* block :
       {"1", "{}", R"({"type":"new"})", R"({"type":"known"})", R"({"type":"known","name":"n"})",
        R"({"type":"known","name":1,"config":{}})", R"({"type":"known","name":"n","config":1})", R"({"type":[]})"}) {
    ExpectRefused(std::string("{\"embedding_function\": ") + block + "}", "\"embedding_function\" must be");
  }
}

TEST(CollectionConfigurationTest, TextThatIsNotAnObjectIsRefused) {
  ExpectRefused("", "not JSON");
  ExpectRefused("{", "not JSON");
  ExpectRefused("null", "must be a JSON object");
  ExpectRefused("[]", "must be a JSON object");
}

TEST(CollectionConfigurationTest, DeepNestingIsRefusedWithoutHarm) {
  constexpr size_t kDepth = 100'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  ExpectRefused(R"({"hnsw": {"space": )" + deep + "}}", "nested more than");
  ExpectRefused(R"({"embedding_function": {"type": "known", "name": "n", "config": {"x": )" + deep + "}}}",
                "nested more than");
  CollectionConfiguration configuration;
  configuration.embedding_function = deep;
  EXPECT_THAT(ValidateConfiguration(configuration).message(), HasSubstr("nested more than"));
}

TEST(CollectionConfigurationTest, ASchemaIsKeptAsItIs) {
  const auto parsed = ConfigurationFromJson(R"({"schema": {"keys": {"a": {}}}})");
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->schema, R"({"keys":{"a":{}}})");
  const auto again = ConfigurationFromJson(ConfigurationToJson(*parsed));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(*again, *parsed);
  EXPECT_EQ(ConfigurationFromJson(R"({"schema": 1})").status().code(), StatusCode::kInvalidArgument);
}

TEST(CollectionConfigurationTest, AnUpdateReplacesWhatItGives) {
  CollectionConfiguration stored;
  stored.hnsw.space = Space::kCosine;
  stored.hnsw.num_threads = 3;
  const auto updated = UpdateConfigurationFromJson(
      stored, R"({"hnsw": {"ef_search": 7}, "embedding_function": {"type": "unknown"}, "spann": {"space": "ip"}})");
  ASSERT_TRUE(updated.ok()) << updated.status().ToString();
  EXPECT_EQ(updated->hnsw.ef_search, 7);
  EXPECT_EQ(updated->hnsw.num_threads, 3);
  EXPECT_EQ(updated->hnsw.space, Space::kCosine);
  EXPECT_EQ(updated->embedding_function, R"({"type":"unknown"})");
}

TEST(CollectionConfigurationTest, AnUpdateOfWhatNeverChangesIsRefused) {
  for (const char* json :
       {R"({"hnsw": {"space": "ip"}})", R"({"hnsw": {"ef_construction": 5}})", R"({"hnsw": {"quantization": "none"}})",
        R"({"hnsw": {"unknown": 5}})", R"({"hnsw": {"ef_search": 0}})", "[]"}) {
    EXPECT_EQ(UpdateConfigurationFromJson({}, json).status().code(), StatusCode::kInvalidArgument) << json;
  }
}

TEST(CollectionConfigurationTest, MetadataWithoutLegacyKeysConfiguresNothing) {
  EXPECT_EQ(HnswConfigurationFromMetadata({{"hnsw", 1}, {"topic", "x"}}).value(), std::nullopt);
}

TEST(CollectionConfigurationTest, LegacyKeysConfigureOverTheDefaults) {
  const auto hnsw = HnswConfigurationFromMetadata({{"hnsw:space", "ip"},
                                                   {"hnsw:construction_ef", 11},
                                                   {"hnsw:search_ef", 12},
                                                   {"hnsw:M", 13},
                                                   {"hnsw:num_threads", 14},
                                                   {"hnsw:resize_factor", 1.5},
                                                   {"hnsw:batch_size", 15},
                                                   {"hnsw:sync_threshold", 16},
                                                   {"topic", "x"}});
  ASSERT_TRUE(hnsw.ok()) << hnsw.status().ToString();
  EXPECT_EQ(**hnsw, (HnswConfiguration{.space = Space::kInnerProduct,
                                       .max_neighbors = 13,
                                       .ef_construction = 11,
                                       .ef_search = 12,
                                       .num_threads = 14,
                                       .resize_factor = 1.5,
                                       .batch_size = 15,
                                       .sync_threshold = 16}));
  HnswConfiguration expected;
  expected.space = Space::kCosine;
  EXPECT_EQ(*HnswConfigurationFromMetadata({{"hnsw:space", "cosine"}}).value(), expected);
}

TEST(CollectionConfigurationTest, BadLegacyKeysAreRefusedByName) {
  for (const Metadata& metadata : {Metadata{{"hnsw:speed", 1}}, Metadata{{"hnsw:M", "16"}}, Metadata{{"hnsw:M", 2.0}},
                                   Metadata{{"hnsw:space", "x"}}, Metadata{{"hnsw:space", std::string("\xff")}},
                                   Metadata{{"hnsw:search_ef", true}}}) {
    const auto hnsw = HnswConfigurationFromMetadata(metadata);
    ASSERT_FALSE(hnsw.ok());
    EXPECT_THAT(hnsw.status().message(), HasSubstr("Failed to parse hnsw parameters from segment metadata"));
    EXPECT_THAT(hnsw.status().message(), HasSubstr(metadata.begin()->first));
  }
  EXPECT_THAT(HnswConfigurationFromMetadata({{"hnsw:batch_size", 1}}).status().message(),
              HasSubstr("Failed to parse hnsw parameters from segment metadata: batch_size is 1"));
}

}  // namespace
}  // namespace ochre
