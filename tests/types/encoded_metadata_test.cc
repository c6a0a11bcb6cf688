#include "types/encoded_metadata.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/types/random_metadata.h"
#include "types/bytes.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Metadata EveryType() {
  return {{"bool", true},
          {"bools", std::vector<bool>{true, false, true}},
          {"double", -0.5},
          {"doubles", std::vector<double>{1.5, std::numeric_limits<double>::max()}},
          {"empty text", ""},
          {"int", std::numeric_limits<int64_t>::min()},
          {"ints", std::vector<int64_t>{1, -1, std::numeric_limits<int64_t>::max()}},
          {"sparse", SparseVector{.indices = {1, 4'294'967'295}, .values = {0.5f, -2.0f}, .tokens = {"x", ""}}},
          {"sparse, empty", SparseVector{}},
          {"text", "naïve\0text"},
          {"texts", std::vector<std::string>{"", "a", ""}}};
}

// Decodes, iterates and merges whatever the bytes: under a sanitizer, that it reads no byte outside them.
void ReadEverything(std::string_view bytes) {
  const EncodedMetadata metadata(bytes);
  const Metadata decoded = DecodeMetadata(metadata);
  std::string_view rest = bytes;
  EncodedMetadata::Entry entry;
  size_t entries = 0;
  while (EncodedMetadata::Next(rest, entry)) {
    ++entries;
    (void)entry.AsBool();
    (void)entry.AsInt64();
    (void)entry.AsDouble();
    if (entry.type == MetadataType::kInt64Array) {
      for (size_t i = 0; i < entry.FixedCount(); ++i) (void)entry.Int64At(i);
    }
    std::string_view elements = entry.payload;
    std::string_view element;
    while (EncodedMetadata::Entry::NextString(elements, element)) {
      ASSERT_LE(element.size(), bytes.size());
    }
    (void)metadata.Find(entry.key);
  }
  ASSERT_LE(decoded.size(), entries);
  const std::string merged = MergeMetadata(metadata, EncodedMetadata(bytes));
  ASSERT_LE(DecodeMetadata(EncodedMetadata(merged)).size(), entries);
}

TEST(EncodedMetadataTest, EveryTypeComesBackAsItWas) {
  const Metadata metadata = EveryType();
  const std::string bytes = EncodeMetadata(metadata);
  EXPECT_TRUE(EncodedMetadata(bytes).Validate().ok());
  EXPECT_EQ(DecodeMetadata(EncodedMetadata(bytes)), metadata);
}

TEST(EncodedMetadataTest, NoEntriesAreNoBytes) {
  EXPECT_EQ(EncodeMetadata({}), "");
  EXPECT_TRUE(EncodedMetadata().empty());
  EXPECT_TRUE(EncodedMetadata().Validate().ok());
  EXPECT_TRUE(DecodeMetadata(EncodedMetadata()).empty());
}

TEST(EncodedMetadataTest, RandomMapsComeBackAsTheyWere) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomEngine random(seed);
    const Metadata metadata = RandomMetadata(random);
    const std::string bytes = EncodeMetadata(metadata);
    ASSERT_TRUE(EncodedMetadata(bytes).Validate().ok());
    ASSERT_EQ(DecodeMetadata(EncodedMetadata(bytes)), metadata);
  }
}

TEST(EncodedMetadataTest, EntriesAscendByTheBytesOfTheirKeys) {
  const std::string bytes = EncodeMetadata({{"b", 1}, {"é", 2}, {"a", 3}, {"B", 4}, {"aa", 5}});
  std::vector<std::string> keys;
  std::string_view rest = bytes;
  EncodedMetadata::Entry entry;
  while (EncodedMetadata::Next(rest, entry)) keys.emplace_back(entry.key);
  EXPECT_THAT(keys, ElementsAre("B", "a", "aa", "b", "é"));
}

TEST(EncodedMetadataTest, FindGivesTheEntryOrNothing) {
  const std::string bytes = EncodeMetadata(EveryType());
  const EncodedMetadata metadata(bytes);
  for (const auto& [key, value] : EveryType()) {
    const auto entry = metadata.Find(key);
    ASSERT_TRUE(entry.has_value()) << key;
    EXPECT_EQ(static_cast<size_t>(entry->type), value.variant().index()) << key;
  }
  EXPECT_EQ(metadata.Find("int")->AsInt64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(metadata.Find("double")->AsDouble(), -0.5);
  EXPECT_TRUE(metadata.Find("bool")->AsBool());
  EXPECT_EQ(metadata.Find("ints")->FixedCount(), 3u);
  EXPECT_EQ(metadata.Find("bools")->FixedCount(), 3u);
  EXPECT_FALSE(metadata.Find("bools")->BoolAt(1));
  EXPECT_EQ(metadata.Find("doubles")->DoubleAt(0), 1.5);
  EXPECT_FALSE(metadata.Find("").has_value());
  EXPECT_FALSE(metadata.Find("boo").has_value());
  EXPECT_FALSE(metadata.Find("boolx").has_value());
  EXPECT_FALSE(metadata.Find("zzz").has_value());
}

TEST(EncodedMetadataTest, AnEmptyArrayIsEncodedAsNull) {
  const std::string bytes =
      EncodeMetadata({{"a", std::vector<int64_t>{}}, {"b", std::vector<std::string>{}}, {"c", nullptr}});
  EXPECT_TRUE(EncodedMetadata(bytes).Validate().ok());
  for (const auto& [key, value] : DecodeMetadata(EncodedMetadata(bytes))) EXPECT_TRUE(value.is_null()) << key;
  EXPECT_EQ(EncodedMetadata(bytes).Find("a")->type, MetadataType::kNull);
}

TEST(EncodedMetadataTest, MergeReplacesKeepsAddsAndDeletes) {
  const std::string base = EncodeMetadata({{"deleted", 1}, {"kept", "x"}, {"replaced", 1}});
  const std::string update = EncodeMetadata(
      {{"added", 2.5}, {"deleted", nullptr}, {"never there", nullptr}, {"replaced", std::vector<bool>{true}}});
  EXPECT_EQ(DecodeMetadata(EncodedMetadata(MergeMetadata(EncodedMetadata(base), EncodedMetadata(update)))),
            (Metadata{{"added", 2.5}, {"kept", "x"}, {"replaced", std::vector<bool>{true}}}));
}

TEST(EncodedMetadataTest, AnEmptyArrayDeletesTheKeyInAMerge) {
  const std::string base = EncodeMetadata({{"tags", std::vector<std::string>{"a"}}});
  const std::string update = EncodeMetadata({{"tags", std::vector<std::string>{}}});
  EXPECT_EQ(MergeMetadata(EncodedMetadata(base), EncodedMetadata(update)), "");
}

TEST(EncodedMetadataTest, MergeOverNothingDropsNulls) {
  const std::string update = EncodeMetadata({{"a", nullptr}, {"b", 1}});
  EXPECT_EQ(MergeMetadata(EncodedMetadata(), EncodedMetadata(update)), EncodeMetadata({{"b", 1}}));
}

TEST(EncodedMetadataTest, MergeIsWhatAMapWouldDo) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomEngine random(seed);
    const Metadata base = RandomMetadata(random);
    Metadata update = RandomMetadata(random);
    for (const auto& [key, value] : base) {
      if (RandomBelow(random, 3) == 0) update[key] = RandomBelow(random, 2) == 0 ? MetadataValue() : value;
    }
    Metadata expected = base;
    for (const auto& [key, value] : update) {
      if (value.is_null()) {
        expected.erase(key);
      } else {
        expected[key] = value;
      }
    }
    const std::string base_bytes = EncodeMetadata(base);
    const std::string update_bytes = EncodeMetadata(update);
    const std::string merged = MergeMetadata(EncodedMetadata(base_bytes), EncodedMetadata(update_bytes));
    ASSERT_EQ(merged, EncodeMetadata(expected));
  }
}

TEST(EncodedMetadataTest, KeysOutOfOrderAreDataLoss) {
  const std::string swapped = EncodeMetadata({{"b", 1}}) + EncodeMetadata({{"a", 1}});
  EXPECT_EQ(EncodedMetadata(swapped).Validate().code(), StatusCode::kDataLoss);
  EXPECT_THAT(EncodedMetadata(swapped).Validate().message(), HasSubstr("out of order"));
  const std::string repeated = EncodeMetadata({{"a", 1}}) + EncodeMetadata({{"a", 2}});
  EXPECT_EQ(EncodedMetadata(repeated).Validate().code(), StatusCode::kDataLoss);
}

TEST(EncodedMetadataTest, APayloadOfTheWrongSizeIsDataLossAndReadsAsNothing) {
  std::string bytes;
  AppendVarint(bytes, 1);
  bytes += "a";
  bytes.push_back(static_cast<char>(MetadataType::kInt64));
  AppendVarint(bytes, 3);
  bytes += "xyz";
  EXPECT_THAT(EncodedMetadata(bytes).Validate().message(), HasSubstr("\"a\" is malformed"));
  EXPECT_EQ(EncodedMetadata(bytes).Find("a")->AsInt64(), 0);
}

TEST(EncodedMetadataTest, AnUnknownTypeIsDataLossAndReadsAsNull) {
  std::string bytes = EncodeMetadata({{"a", true}});
  bytes[2] = 77;
  EXPECT_EQ(EncodedMetadata(bytes).Validate().code(), StatusCode::kDataLoss);
  EXPECT_TRUE(DecodeMetadata(EncodedMetadata(bytes)).at("a").is_null());
}

TEST(EncodedMetadataTest, EveryTruncationIsSafeToRead) {
  const std::string bytes = EncodeMetadata(EveryType());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string truncated = bytes.substr(0, size);
    ReadEverything(truncated);
  }
}

TEST(EncodedMetadataTest, RandomDamageIsSafeToRead) {
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomEngine random(seed);
    std::string bytes = EncodeMetadata(seed % 2 == 0 ? EveryType() : RandomMetadata(random));
    const size_t changes = 1 + RandomBelow(random, 4);
    for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
      bytes[RandomBelow(random, bytes.size())] = static_cast<char>(random());
    }
    ReadEverything(bytes);
  }
}

TEST(EncodedMetadataTest, AHugeSizeInTheBytesIsSafeToRead) {
  std::string bytes;
  AppendVarint(bytes, std::numeric_limits<uint64_t>::max());
  ReadEverything(bytes + "abc");
  EXPECT_EQ(EncodedMetadata(bytes).Validate().code(), StatusCode::kDataLoss);

  std::string sparse;
  AppendVarint(sparse, 1);
  sparse += "a";
  sparse.push_back(static_cast<char>(MetadataType::kSparseVector));
  AppendVarint(sparse, 9);
  AppendVarint(sparse, uint64_t{1} << 55);  // as many elements as no payload has
  sparse += "x";
  ReadEverything(sparse);
  EXPECT_EQ(EncodedMetadata(sparse).Validate().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ochre
