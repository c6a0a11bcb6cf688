#include "capi/metadata_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "ochre/metadata.h"

namespace ochre {
namespace {

std::string TextOf(const Metadata& metadata) {
  const std::string encoded = EncodeMetadata(metadata);
  return MetadataText(EncodedMetadata(encoded));
}

TEST(MetadataTextTest, IsWhatMetadataToJsonSays) {
  const std::vector<MetadataValue> values = {
      true,
      false,
      0,
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::max(),
      1.0,
      -2.5e300,
      "",
      "plain",
      "quote \" and \\",
      std::string("NUL \0 \x1f \x7f", 9),
      "Stra\xc3\x9f"
      "e",
      std::vector<int64_t>{1, 2},
      std::vector<std::string>{"a", "b"},
      SparseVector{.indices = {1, 7}, .values = {0.5F, 2}, .tokens = {}},
  };
  Metadata all;
  for (size_t i = 0; i < values.size(); ++i) {
    for (const std::string& key : {std::string("key"), std::string("k \"\\\n") + std::to_string(i)}) {
      const Metadata one = {{key, values[i]}};
      EXPECT_EQ(TextOf(one), MetadataToJson(one));
    }
    all["key" + std::to_string(i)] = values[i];
    EXPECT_EQ(TextOf(all), MetadataToJson(all));
  }
  EXPECT_EQ(MetadataText(EncodedMetadata()), "{}");
}

}  // namespace
}  // namespace ochre
