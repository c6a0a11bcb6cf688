// What is written comes back: every kind of column, in every form it may be given in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "tests/capi/capi_fixture.h"

namespace ochre {
namespace {

using testing::ElementsAre;

constexpr uint32_t kEverything =
    OCHRE_INCLUDE_DOCUMENTS | OCHRE_INCLUDE_METADATAS | OCHRE_INCLUDE_EMBEDDINGS | OCHRE_INCLUDE_URIS;

std::vector<std::string> Column(const ResultHandle& result, int32_t column) {
  std::vector<std::string> texts;
  for (int64_t row = 0; row < ochre_result_size(result.get()); ++row) {
    texts.push_back(ToString(ochre_result_string(result.get(), column, row)));
  }
  return texts;
}

std::vector<float> Embeddings(const ResultHandle& result) {
  ochre_matrix matrix;
  EXPECT_EQ(ochre_result_embeddings(result.get(), &matrix, nullptr), OCHRE_OK);
  const auto* values = static_cast<const float*>(matrix.data);
  return {values, values + matrix.rows * matrix.columns};
}

using RecordsTest = CapiTest;

TEST_F(RecordsTest, EveryColumnComesBackWithItsNulls) {
  AddThree();
  const ResultHandle result = Get(kEverything);
  EXPECT_EQ(ochre_result_include(result.get()), kEverything);
  EXPECT_THAT(Column(result, OCHRE_COLUMN_IDS), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Column(result, OCHRE_COLUMN_DOCUMENTS), ElementsAre("first", "(null)", "third"));
  EXPECT_THAT(Column(result, OCHRE_COLUMN_URIS), ElementsAre("file:a", "(null)", "(null)"));
  const std::vector<std::string> metadatas = Column(result, OCHRE_COLUMN_METADATAS);
  EXPECT_NE(metadatas[0].find("2001"), std::string::npos) << metadatas[0];
  EXPECT_EQ(metadatas[1], "(null)");
  EXPECT_THAT(Embeddings(result), ElementsAre(0, 0, 1, 0, 3, 4));
}

TEST_F(RecordsTest, AResultColumnHasArrowsOffsetsAndBitmap) {
  AddThree();
  const ResultHandle result = Get(OCHRE_INCLUDE_DOCUMENTS);
  ochre_string_column documents;
  ASSERT_EQ(ochre_result_strings(result.get(), OCHRE_COLUMN_DOCUMENTS, &documents, error()), OCHRE_OK);
  EXPECT_EQ(documents.count, 3);
  EXPECT_EQ(std::string(documents.data, 10), "firstthird");
  EXPECT_EQ(std::vector<int64_t>(documents.offsets64, documents.offsets64 + 4), (std::vector<int64_t>{0, 5, 5, 10}));
  EXPECT_EQ(documents.validity[0] & 7, 0b101);
  ASSERT_EQ(ochre_result_strings(result.get(), OCHRE_COLUMN_URIS, &documents, error()), OCHRE_OK);
  EXPECT_EQ(documents.data, nullptr);  // was not asked for
}

TEST_F(RecordsTest, ColumnsAreAcceptedInArrowsForms) {
  const char* text = "abcxyz";
  const std::array<int32_t, 4> short_offsets = {0, 1, 2, 3};
  const std::array<int64_t, 4> long_offsets = {3, 5, 5, 6};
  const uint8_t validity = 0b101;
  ochre_string_column ids = {.count = 3,
                             .strings = nullptr,
                             .data = text,
                             .offsets32 = short_offsets.data(),
                             .offsets64 = nullptr,
                             .validity = nullptr};
  ochre_string_column documents = {.count = 3,
                                   .strings = nullptr,
                                   .data = text,
                                   .offsets32 = nullptr,
                                   .offsets64 = long_offsets.data(),
                                   .validity = &validity};
  const std::vector<float> values = {1, 2, 3};
  const ochre_matrix matrix = Matrix(values, 1);
  ochre_records records = Stamped(ochre_records_init);
  records.ids = &ids;
  records.documents = &documents;
  records.embeddings = &matrix;
  ASSERT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  const ResultHandle result = Get(OCHRE_INCLUDE_DOCUMENTS);
  EXPECT_THAT(Column(result, OCHRE_COLUMN_IDS), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Column(result, OCHRE_COLUMN_DOCUMENTS), ElementsAre("xy", "(null)", "z"));
}

// Adds rows {1, -2}, {0.5, 3} in the given form.
struct MatrixCase {
  const char* name;
  int32_t dtype;
  std::vector<unsigned char> bytes;
  int64_t stride;
  std::vector<float> expected;
};

template <typename T>
std::vector<unsigned char> BytesOf(const std::vector<T>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class MatrixTest : public CapiTest, public testing::WithParamInterface<MatrixCase> {};

TEST_P(MatrixTest, ComesBackAsFloat32) {
  const MatrixCase& form = GetParam();
  const Strings ids = {"a", "b"};
  ochre_matrix matrix = {};
  matrix.data = form.bytes.data();
  matrix.rows = 2;
  matrix.columns = 2;
  matrix.row_stride_bytes = form.stride;
  matrix.dtype = form.dtype;
  ochre_records records = Stamped(ochre_records_init);
  records.ids = ids.get();
  records.embeddings = &matrix;
  ASSERT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  EXPECT_EQ(Embeddings(Get(OCHRE_INCLUDE_EMBEDDINGS)), form.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, MatrixTest,
    testing::Values(MatrixCase{"Float32", OCHRE_DTYPE_F32, BytesOf<float>({1, -2, 0.5, 3}), 0, {1, -2, 0.5, 3}},
                    MatrixCase{
                        "StridedFloat32", OCHRE_DTYPE_F32, BytesOf<float>({1, -2, 9, 0.5, 3, 9}), 12, {1, -2, 0.5, 3}},
                    // 1.0, -2.0; 2^-24, the smallest subnormal, and 65504, the largest number
                    MatrixCase{"Float16",
                               OCHRE_DTYPE_F16,
                               BytesOf<uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff}),
                               0,
                               {1, -2, 0x1p-24f, 65504}},
                    MatrixCase{"StridedFloat16",
                               OCHRE_DTYPE_F16,
                               BytesOf<uint16_t>({0x3c00, 0xc000, 0, 0x3800, 0x4200, 0}),
                               6,
                               {1, -2, 0.5, 3}},
                    MatrixCase{"Int8", OCHRE_DTYPE_I8, BytesOf<int8_t>({1, -128, 127, 3}), 0, {1, -128, 127, 3}},
                    MatrixCase{"StridedInt8", OCHRE_DTYPE_I8, BytesOf<int8_t>({1, -2, 9, 5, 3, 9}), 3, {1, -2, 5, 3}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(RecordsTest, FiltersAndMetadataAreChromasJson) {
  AddThree();
  EXPECT_THAT(Column(Get(0, "{\"year\": {\"$gt\": 2001}}"), OCHRE_COLUMN_IDS), ElementsAre("c"));
  EXPECT_THAT(Column(Get(0, "{\"tags\": {\"$contains\": \"x\"}}"), OCHRE_COLUMN_IDS), ElementsAre("a"));
}

TEST_F(RecordsTest, TextMayContainNul) {
  const std::string with_nul("a\0b", 3);
  const ochre_string id = Text(with_nul);
  ochre_string_column ids = {};
  ids.count = 1;
  ids.strings = &id;
  const std::vector<float> values = {1};
  const ochre_matrix matrix = Matrix(values, 1);
  ochre_records records = Stamped(ochre_records_init);
  records.ids = &ids;
  records.documents = &ids;
  records.embeddings = &matrix;
  ASSERT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  const ResultHandle result = Get(OCHRE_INCLUDE_DOCUMENTS);
  EXPECT_EQ(ToString(ochre_result_string(result.get(), OCHRE_COLUMN_IDS, 0)), with_nul);
  EXPECT_EQ(ToString(ochre_result_string(result.get(), OCHRE_COLUMN_DOCUMENTS, 0)), with_nul);
}

TEST_F(RecordsTest, UpdateUpsertAndDeleteChangeWhatTheySay) {
  AddThree();
  const Strings ids = {"a", "d"};
  const Strings documents = {"changed", "fourth"};
  const std::vector<float> values = {7, 7, 8, 8};
  const ochre_matrix matrix = Matrix(values, 2);
  const std::array<uint8_t, 2> given = {0, 1};
  ochre_records records = Stamped(ochre_records_init);
  records.ids = ids.get();
  records.documents = documents.get();
  records.embeddings = &matrix;
  records.embedding_given = given.data();
  ASSERT_EQ(ochre_collection_update(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  EXPECT_THAT(Embeddings(Get(OCHRE_INCLUDE_EMBEDDINGS)), ElementsAre(0, 0, 1, 0, 3, 4));  // neither given nor there
  records.embedding_given = nullptr;
  ochre_receipt receipt = Stamped(ochre_receipt_init);
  ASSERT_EQ(ochre_collection_upsert(collection(), &records, &receipt, error()), OCHRE_OK) << message();
  EXPECT_EQ(receipt.records, 2);
  EXPECT_EQ(receipt.durability, OCHRE_DURABILITY_MEMORY);
  EXPECT_THAT(Column(Get(OCHRE_INCLUDE_DOCUMENTS), OCHRE_COLUMN_DOCUMENTS),
              ElementsAre("changed", "(null)", "third", "fourth"));

  const Strings gone = {"b", "unknown"};
  ochre_delete_options options = Stamped(ochre_delete_options_init);
  options.ids = gone.get();
  ASSERT_EQ(ochre_collection_delete(collection(), &options, &receipt, error()), OCHRE_OK) << message();
  EXPECT_EQ(receipt.records, 1);
  int64_t count = 0;
  ASSERT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK);
  EXPECT_EQ(count, 3);
}

TEST_F(RecordsTest, CountWhereCountsTheRecordsThatSatisfyBothFilters) {
  AddThree();
  const auto count = [&](ochre_string where, ochre_string where_document) {
    int64_t counted = -1;
    EXPECT_EQ(ochre_collection_count_where(collection(), where, where_document, &counted, error()), OCHRE_OK)
        << message();
    return counted;
  };
  const ochre_string none = {nullptr, 0};
  EXPECT_EQ(count(none, none), 3);
  EXPECT_EQ(count(Text(R"({"year": {"$gte": 2001}})"), none), 2);
  EXPECT_EQ(count(none, Text(R"({"$contains": "ir"})")), 2);
  EXPECT_EQ(count(Text(R"({"year": {"$gt": 2001}})"), Text(R"({"$contains": "ir"})")), 1);
  EXPECT_EQ(count(Text(R"({"year": {"$gt": 2003}})"), none), 0);

  int64_t untouched = -1;
  EXPECT_EQ(ochre_collection_count_where(collection(), Text(R"({"year": {"$near": 1}})"), none, &untouched, error()),
            OCHRE_INVALID_ARGUMENT);
  EXPECT_EQ(untouched, -1);
}

TEST_F(RecordsTest, QueriesGiveRowsPerQueryNearestFirst) {
  AddThree();
  const std::vector<float> values = {3, 4, 0, 0};
  const ochre_matrix matrix = Matrix(values, 2);
  for (const int32_t exact : {0, 1}) {
    for (const int32_t threads : {0, 1, 2}) {
      for (const double target_recall : {0.0, 0.9}) {
        ochre_query_options options = Stamped(ochre_query_options_init);
        options.embeddings = &matrix;
        options.n_results = 2;
        options.exact = exact;
        options.num_threads = threads;
        options.target_recall = target_recall;
        ochre_result* raw = nullptr;
        ASSERT_EQ(ochre_collection_query(collection(), &options, &raw, error()), OCHRE_OK) << message();
        const ResultHandle result(raw);
        ASSERT_EQ(ochre_result_query_count(raw), 2);
        const int64_t* offsets = ochre_result_offsets(raw);
        EXPECT_EQ(std::vector<int64_t>(offsets, offsets + 3), (std::vector<int64_t>{0, 2, 4}));
        EXPECT_THAT(Column(result, OCHRE_COLUMN_IDS), ElementsAre("c", "b", "a", "b"));
        EXPECT_EQ(ochre_result_distances(raw)[0], 0);
        EXPECT_EQ(ochre_result_distances(raw)[3], 1);
      }
    }
  }
}

TEST_F(RecordsTest, TheErrorNamesTheOffendingRecord) {
  const Strings ids = {"a", "b", "c"};
  const std::vector<float> values = {0, 0, 1, NAN, 3, 4};
  const ochre_matrix matrix = Matrix(values, 2);
  ochre_records records = Stamped(ochre_records_init);
  records.ids = ids.get();
  records.embeddings = &matrix;
  EXPECT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_EQ(ochre_error_index(error()), 1) << message();
  EXPECT_EQ(ochre_last_error_index(), 1);
  const Strings metadatas = {"{}", "{\"a\": 1}", "{\"a\": "};
  records.metadatas = metadatas.get();
  EXPECT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_EQ(ochre_error_index(error()), 2) << message();
  EXPECT_EQ(ToString(ochre_last_error_message()), message());
}

}  // namespace
}  // namespace ochre
