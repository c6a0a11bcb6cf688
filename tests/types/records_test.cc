#include "ochre/records.h"

#include <gmock/gmock.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "types/encoded_metadata.h"

namespace ochre {
namespace {

using testing::ElementsAre;

TEST(StringArrayTest, NullsAndEmptyStringsDiffer) {
  StringArray array;
  array.Append("a");
  array.Append("");
  array.AppendNull();
  array.Append("bc");
  array.AppendNull();
  ASSERT_EQ(array.size(), 5u);
  EXPECT_EQ(array.Get(0), "a");
  EXPECT_EQ(array.Get(1), "");
  EXPECT_EQ(array.Get(2), std::nullopt);
  EXPECT_EQ(array.Get(3), "bc");
  EXPECT_EQ(array.Get(4), std::nullopt);
  EXPECT_EQ(array[2], "");
  EXPECT_FALSE(array.IsNull(3));
}

TEST(StringArrayTest, TheFirstMayBeNull) {
  StringArray array;
  array.AppendNull();
  array.Append("x");
  EXPECT_TRUE(array.IsNull(0));
  EXPECT_EQ(array.Get(1), "x");
}

TEST(StringArrayTest, ReservingChangesNothing) {
  StringArray array;
  array.Append("a");
  array.Reserve(100, 1000);
  EXPECT_EQ(array.size(), 1u);
  EXPECT_EQ(array[0], "a");
  EXPECT_TRUE(StringArray().empty());
}

TEST(MetadataArrayTest, RowsAreDecodedOnAccess) {
  const Metadata map = {{"n", 1}, {"tags", std::vector<std::string>{"a"}}};
  MetadataArray array;
  array.AppendEncoded(EncodeMetadata(map));
  array.AppendEncoded("");
  ASSERT_EQ(array.size(), 2u);
  EXPECT_EQ(array[0], map);
  EXPECT_TRUE(array[1].empty());
  EXPECT_EQ(array.Get(0, "n"), MetadataValue(1));
  EXPECT_TRUE(array.Get(0, "m").is_null());
  EXPECT_TRUE(array.Get(1, "n").is_null());
}

// What is given braces or a temporary lives as long as the request does; AddressSanitizer sees if not.
TEST(RecordsTest, ARequestKeepsTheTemporariesThatItIsMadeOf) {
  const auto ids = [] { return std::vector<std::string>{"an id that is too long to be kept in place", "b"}; };
  std::vector<std::string> moved = ids();
  const std::array<float, 2> named = {5, 6};
  const Records records = {.ids = ids(),
                           .embeddings = {std::vector<float>{1, 2, 3, 4}, 2},
                           .embedding_given = {1, 0},
                           .documents = {"a document that is too long to be kept in place", std::string(100, 'd')},
                           .metadatas = {{{"key", "a value that is too long to be kept in place"}}, {}},
                           .uris = std::move(moved)};
  const Records copy = records;
  const std::vector<std::optional<std::string_view>> some(100);  // what was freed is written over
  for (const Records& each : {records, copy}) {
    EXPECT_EQ(each.ids[0], "an id that is too long to be kept in place");
    EXPECT_EQ(each.uris[1], "b");
    EXPECT_EQ(each.documents[1], std::string(100, 'd'));
    EXPECT_EQ(each.metadatas[0], (Metadata{{"key", "a value that is too long to be kept in place"}}));
    EXPECT_THAT(each.embeddings.values, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(each.embeddings.rows(), 2);
    EXPECT_THAT(each.embedding_given, ElementsAre(1, 0));
  }
  EXPECT_THAT((MatrixSpan{std::array<float, 2>{7, 8}, 2}.values), ElementsAre(7, 8));
  EXPECT_THAT((MatrixSpan{{9, 10}, 2}.values), ElementsAre(9, 10));
  EXPECT_THAT((StringColumn(std::vector<std::optional<std::string>>{std::nullopt, "x"})[0]), std::nullopt);
  EXPECT_EQ(MatrixSpan({named, 2}).values.data(), named.data()) << "what has a name is not copied";
}

// One string from "a" to "b".
template <typename T>
concept TakesBracesTwice = requires {
  T({{"a", "b"}});
};
static_assert(!TakesBracesTwice<StringColumn>);

TEST(StringColumnTest, TakesEveryFormOfAListOfStrings) {
  const std::vector<std::string> strings = {"a", "b"};
  const std::vector<std::string_view> views = {"a", "b"};
  const std::vector<std::optional<std::string>> optionals = {"a", std::nullopt};
  const auto second = [](const StringColumn& column) { return column[1]; };
  EXPECT_EQ(second(strings), "b");
  EXPECT_EQ(second(views), "b");
  EXPECT_EQ(second(optionals), std::nullopt);
  EXPECT_EQ(second({"a", "b"}), "b");
  EXPECT_TRUE(StringColumn().empty());
}

TEST(MatrixTest, RowsAreOfTheMatrixsColumns) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const MatrixSpan span = {values, 3};
  EXPECT_EQ(span.rows(), 2);
  EXPECT_EQ(span.Row(1)[0], 4);
  EXPECT_EQ(MatrixSpan().rows(), 0);
  const Matrix matrix = {values, 2};
  EXPECT_THAT(matrix.Row(2), ElementsAre(5, 6));
}

}  // namespace
}  // namespace ochre
