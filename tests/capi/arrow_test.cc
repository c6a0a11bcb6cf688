// Arrow's C data interface: what is exported follows its rules, and what is exported can be imported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "tests/capi/capi_fixture.h"

namespace ochre {
namespace {

using testing::ElementsAre;

constexpr uint32_t kEverything =
    OCHRE_INCLUDE_DOCUMENTS | OCHRE_INCLUDE_METADATAS | OCHRE_INCLUDE_EMBEDDINGS | OCHRE_INCLUDE_URIS;

std::string_view LargeString(const ArrowArray& column, int64_t row) {
  const auto* offsets = static_cast<const int64_t*>(column.buffers[1]);
  return {static_cast<const char*>(column.buffers[2]) + offsets[row],
          static_cast<size_t>(offsets[row + 1] - offsets[row])};
}

using ArrowTest = CapiTest;

TEST_F(ArrowTest, AnExportOutlivesTheResult) {
  AddThree();
  ArrowSchema schema = {};
  ArrowArray array = {};
  ASSERT_EQ(ochre_result_export_arrow(Get(kEverything).get(), &schema, &array, error()), OCHRE_OK) << message();
  ASSERT_STREQ(schema.format, "+s");
  ASSERT_EQ(schema.n_children, array.n_children);
  std::map<std::string, int64_t> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) columns[schema.children[i]->name] = i;
  EXPECT_EQ(columns.size(), 5U);

  const ArrowArray& ids = *array.children[columns.at("id")];
  EXPECT_STREQ(schema.children[columns.at("id")]->format, "U");
  EXPECT_EQ(ids.length, 3);
  EXPECT_EQ(ids.null_count, 0);
  EXPECT_EQ(ids.n_buffers, 3);
  EXPECT_EQ(LargeString(ids, 1), "b");

  const ArrowArray& documents = *array.children[columns.at("document")];
  EXPECT_EQ(schema.children[columns.at("document")]->flags, ARROW_FLAG_NULLABLE);
  EXPECT_EQ(documents.null_count, 1);
  EXPECT_EQ(*static_cast<const uint8_t*>(documents.buffers[0]) & 7, 0b101);

  const ArrowSchema& embedding = *schema.children[columns.at("embedding")];
  EXPECT_STREQ(embedding.format, "+w:2");
  EXPECT_STREQ(embedding.children[0]->format, "f");
  const ArrowArray& values = *array.children[columns.at("embedding")]->children[0];
  EXPECT_EQ(values.length, 6);
  EXPECT_EQ(static_cast<const float*>(values.buffers[1])[5], 4);
  schema.release(&schema);
  EXPECT_EQ(schema.release, nullptr);
  array.release(&array);
  EXPECT_EQ(array.release, nullptr);
}

TEST_F(ArrowTest, AChildThatWasMovedOutLivesOn) {
  AddThree();
  ArrowSchema schema = {};
  ArrowArray array = {};
  ASSERT_EQ(ochre_result_export_arrow(Get(0).get(), &schema, &array, error()), OCHRE_OK);
  ArrowArray ids = *array.children[0];
  array.children[0]->release = nullptr;  // as Arrow moves
  array.release(&array);
  schema.release(&schema);
  EXPECT_EQ(LargeString(ids, 2), "c");
  ids.release(&ids);
}

TEST_F(ArrowTest, AQueryExportsItsDistancesAndQueries) {
  AddThree();
  const std::vector<float> values = {3, 4, 0, 0};
  const ochre_matrix matrix = Matrix(values, 2);
  ochre_query_options options = Stamped(ochre_query_options_init);
  options.embeddings = &matrix;
  options.n_results = 1;
  ochre_result* raw = nullptr;
  ASSERT_EQ(ochre_collection_query(collection(), &options, &raw, error()), OCHRE_OK) << message();
  const ResultHandle result(raw);
  ArrowSchema schema = {};
  ArrowArray array = {};
  ASSERT_EQ(ochre_result_export_arrow(raw, &schema, &array, error()), OCHRE_OK);
  ASSERT_STREQ(schema.children[1]->name, "query");
  const auto* queries = static_cast<const int64_t*>(array.children[1]->buffers[1]);
  EXPECT_THAT(std::vector<int64_t>(queries, queries + 2), ElementsAre(0, 1));
  ASSERT_STREQ(schema.children[2]->name, "distance");
  EXPECT_EQ(static_cast<const float*>(array.children[2]->buffers[1])[0], 0);
  schema.release(&schema);
  array.release(&array);
}

TEST_F(ArrowTest, WhatIsExportedAsAStreamCanBeImported) {
  AddThree();
  ArrowArrayStream stream = {};
  ASSERT_EQ(ochre_result_export_arrow_stream(Get(kEverything).get(), &stream, error()), OCHRE_OK) << message();
  ochre_collection* raw = nullptr;
  ASSERT_EQ(ochre_client_create_collection(client(), Text("copy"), nullptr, &raw, error()), OCHRE_OK);
  const CollectionHandle copy(raw);
  ochre_receipt receipt = Stamped(ochre_receipt_init);
  ASSERT_EQ(ochre_collection_add_arrow(raw, &stream, &receipt, error()), OCHRE_OK) << message();
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_EQ(receipt.records, 3);

  ochre_get_options options = Stamped(ochre_get_options_init);
  options.include = kEverything;
  ochre_result* copied = nullptr;
  ASSERT_EQ(ochre_collection_get(raw, &options, &copied, error()), OCHRE_OK);
  const ResultHandle owner(copied);
  const ResultHandle original = Get(kEverything);
  for (const int32_t column : {OCHRE_COLUMN_IDS, OCHRE_COLUMN_DOCUMENTS, OCHRE_COLUMN_METADATAS, OCHRE_COLUMN_URIS}) {
    for (int64_t row = 0; row < 3; ++row) {
      EXPECT_EQ(ToString(ochre_result_string(copied, column, row)),
                ToString(ochre_result_string(original.get(), column, row)));
    }
  }
  ochre_matrix embeddings;
  ASSERT_EQ(ochre_result_embeddings(copied, &embeddings, error()), OCHRE_OK);
  EXPECT_EQ(static_cast<const float*>(embeddings.data)[4], 3);
}

// A stream of `batches` batches of two records each, as another library would make it: utf8 ids, lists of float64, and
// an offset into both. Its memory is static; releases are counted.
class ForeignStream {
 public:
  explicit ForeignStream(int batches) : batches_left_(batches) {
    ids_schema_ = {.format = "u",
                   .name = "id",
                   .metadata = nullptr,
                   .flags = 0,
                   .n_children = 0,
                   .children = nullptr,
                   .dictionary = nullptr,
                   .release = nullptr,
                   .private_data = nullptr};
    values_schema_ = ids_schema_;
    values_schema_.format = "g";
    lists_schema_ = ids_schema_;
    lists_schema_.format = "+l";
    lists_schema_.name = "embedding";
    lists_schema_.n_children = 1;
    lists_schema_.children = &values_schemas_;
    stream_.private_data = this;
    stream_.get_schema = [](ArrowArrayStream* stream, ArrowSchema* out) { return Self(stream).Schema(out); };
    stream_.get_next = [](ArrowArrayStream* stream, ArrowArray* out) { return Self(stream).Next(out); };
    stream_.get_last_error = [](ArrowArrayStream*) { return "the cable is cut"; };
    stream_.release = [](ArrowArrayStream* stream) {
      ++Self(stream).stream_releases;
      stream->release = nullptr;
    };
  }
  ForeignStream(const ForeignStream&) = delete;
  ForeignStream& operator=(const ForeignStream&) = delete;

  ArrowArrayStream* get() { return &stream_; }

  int fail_at = -1;  // batches left when get_next fails
  ochre_client* interrupted = nullptr;
  const char* id_format = "u";
  int64_t batch_offset = 0;     // rows of each batch that are not part of it
  bool second_is_null = false;  // the embedding of b
  int64_t value_count = 5;      // of the lists, which refer to 5
  int stream_releases = 0;
  int schema_releases = 0;
  int batch_releases = 0;

 private:
  static constexpr uint8_t kFirstOnly = 0b01;

  static ForeignStream& Self(ArrowArrayStream* stream) { return *static_cast<ForeignStream*>(stream->private_data); }

  int Schema(ArrowSchema* out) {
    ids_schema_.format = id_format;
    *out = ids_schema_;
    out->format = "+s";
    out->n_children = 2;
    out->children = schemas_;
    out->private_data = this;
    out->release = [](ArrowSchema* schema) {
      ++static_cast<ForeignStream*>(schema->private_data)->schema_releases;
      schema->release = nullptr;
    };
    return 0;
  }

  int Next(ArrowArray* out) {
    *out = {};
    if (batches_left_ == fail_at) return EIO;
    if (batches_left_-- == 0) return 0;
    if (interrupted != nullptr) ochre_client_interrupt(interrupted, nullptr);
    out->length = 2 - batch_offset;
    out->offset = batch_offset;
    lists_array_.null_count = second_is_null ? 1 : 0;
    numbers_array_.length = value_count;
    list_buffers_[0] = second_is_null ? &kFirstOnly : nullptr;
    out->n_buffers = 1;
    out->buffers = no_buffers_;
    out->n_children = 2;
    out->children = arrays_;
    out->private_data = this;
    out->release = [](ArrowArray* array) {
      ++static_cast<ForeignStream*>(array->private_data)->batch_releases;
      array->release = nullptr;
    };
    id_text_[1] = static_cast<char>('0' + batches_left_);
    id_text_[3] = id_text_[1];
    return 0;
  }

  int batches_left_;
  ArrowArrayStream stream_ = {};
  ArrowSchema ids_schema_, lists_schema_, values_schema_;
  ArrowSchema* schemas_[2] = {&lists_schema_, &ids_schema_};
  ArrowSchema* values_schemas_ = &values_schema_;

  char id_text_[5] = "a?b?";
  int32_t id_offsets_[4] = {0, 0, 2, 4};  // one row before ours
  const void* id_buffers_[3] = {nullptr, id_offsets_, id_text_};
  int32_t list_offsets_[3] = {1, 3, 5};
  const void* list_buffers_[2] = {nullptr, list_offsets_};
  double numbers_[6] = {9, 9, 1, 2, 3, 4};  // one row before ours, and one that the lists leave out
  const void* number_buffers_[2] = {nullptr, numbers_};
  const void* no_buffers_[1] = {nullptr};
  ArrowArray numbers_array_ = {.length = 5,
                               .null_count = 0,
                               .offset = 1,
                               .n_buffers = 2,
                               .n_children = 0,
                               .buffers = number_buffers_,
                               .children = nullptr,
                               .dictionary = nullptr,
                               .release = nullptr,
                               .private_data = nullptr};
  ArrowArray* numbers_arrays_ = &numbers_array_;
  ArrowArray ids_array_ = {.length = 2,
                           .null_count = 0,
                           .offset = 1,
                           .n_buffers = 3,
                           .n_children = 0,
                           .buffers = id_buffers_,
                           .children = nullptr,
                           .dictionary = nullptr,
                           .release = nullptr,
                           .private_data = nullptr};
  ArrowArray lists_array_ = {.length = 2,
                             .null_count = 0,
                             .offset = 0,
                             .n_buffers = 2,
                             .n_children = 1,
                             .buffers = list_buffers_,
                             .children = &numbers_arrays_,
                             .dictionary = nullptr,
                             .release = nullptr,
                             .private_data = nullptr};
  ArrowArray* arrays_[2] = {&lists_array_, &ids_array_};
};

TEST_F(ArrowTest, AForeignStreamIsImportedAndReleased) {
  ForeignStream stream(2);
  ochre_receipt receipt = Stamped(ochre_receipt_init);
  ASSERT_EQ(ochre_collection_add_arrow(collection(), stream.get(), &receipt, error()), OCHRE_OK) << message();
  EXPECT_EQ(receipt.records, 4);
  EXPECT_EQ(stream.stream_releases, 1);
  EXPECT_EQ(stream.schema_releases, 1);
  EXPECT_EQ(stream.batch_releases, 2);
  const ResultHandle result = Get(OCHRE_INCLUDE_EMBEDDINGS);
  EXPECT_EQ(ToString(ochre_result_string(result.get(), OCHRE_COLUMN_IDS, 1)), "b1");
  ochre_matrix embeddings;
  ASSERT_EQ(ochre_result_embeddings(result.get(), &embeddings, error()), OCHRE_OK);
  const auto* values = static_cast<const float*>(embeddings.data);
  EXPECT_THAT(std::vector<float>(values, values + 4), ElementsAre(1, 2, 3, 4));
}

TEST_F(ArrowTest, ABatchMayBeginAnywhereInItsColumns) {
  ForeignStream stream(1);
  stream.batch_offset = 1;
  ASSERT_EQ(ochre_collection_add_arrow(collection(), stream.get(), nullptr, error()), OCHRE_OK) << message();
  const ResultHandle result = Get(OCHRE_INCLUDE_EMBEDDINGS);
  ASSERT_EQ(ochre_result_size(result.get()), 1);
  EXPECT_EQ(ToString(ochre_result_string(result.get(), OCHRE_COLUMN_IDS, 0)), "b0");
  ochre_matrix embeddings;
  ASSERT_EQ(ochre_result_embeddings(result.get(), &embeddings, error()), OCHRE_OK);
  EXPECT_EQ(static_cast<const float*>(embeddings.data)[0], 3);
}

TEST_F(ArrowTest, ANullEmbeddingIsKeptByAnUpdateAndRefusedByAnAdd) {
  ForeignStream first(1);
  ASSERT_EQ(ochre_collection_add_arrow(collection(), first.get(), nullptr, error()), OCHRE_OK) << message();
  const Strings ids = {"a0", "b0"};
  const std::vector<float> values = {7, 7, 8, 8};
  const ochre_matrix matrix = Matrix(values, 2);
  ochre_records records = Stamped(ochre_records_init);
  records.ids = ids.get();
  records.embeddings = &matrix;
  ASSERT_EQ(ochre_collection_update(collection(), &records, nullptr, error()), OCHRE_OK) << message();

  ForeignStream update(1);
  update.second_is_null = true;
  ASSERT_EQ(ochre_collection_update_arrow(collection(), update.get(), nullptr, error()), OCHRE_OK) << message();
  ochre_matrix embeddings;
  const ResultHandle result = Get(OCHRE_INCLUDE_EMBEDDINGS);
  ASSERT_EQ(ochre_result_embeddings(result.get(), &embeddings, error()), OCHRE_OK);
  const auto* numbers = static_cast<const float*>(embeddings.data);
  EXPECT_THAT(std::vector<float>(numbers, numbers + 4), ElementsAre(1, 2, 8, 8));

  ForeignStream add(1);
  add.second_is_null = true;
  EXPECT_EQ(ochre_collection_add_arrow(collection(), add.get(), nullptr, error()), OCHRE_INVALID_ARGUMENT);
}

TEST_F(ArrowTest, AFailingStreamLeavesTheBatchesBefore) {
  ForeignStream stream(3);
  stream.fail_at = 1;
  ochre_receipt receipt = Stamped(ochre_receipt_init);
  EXPECT_EQ(ochre_collection_add_arrow(collection(), stream.get(), &receipt, error()), OCHRE_UNKNOWN);
  EXPECT_NE(message().find("the cable is cut"), std::string::npos) << message();
  EXPECT_EQ(receipt.records, 4);
  EXPECT_EQ(stream.stream_releases, 1);
}

TEST_F(ArrowTest, AnInterruptEndsAStreamBetweenBatches) {
  ForeignStream stream(3);
  stream.interrupted = client();
  ochre_receipt receipt = Stamped(ochre_receipt_init);
  EXPECT_EQ(ochre_collection_add_arrow(collection(), stream.get(), &receipt, error()), OCHRE_CANCELLED);
  EXPECT_EQ(receipt.records, 2);
}

TEST_F(ArrowTest, ListsThatReachBeyondTheirValuesAreRefused) {
  ForeignStream stream(1);
  stream.value_count = 4;
  EXPECT_EQ(ochre_collection_add_arrow(collection(), stream.get(), nullptr, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_NE(message().find("beyond the end at index 1"), std::string::npos) << message();
  EXPECT_EQ(ochre_result_size(Get(0).get()), 0);
}

TEST_F(ArrowTest, AnUnknownTypeIsRefusedAndTheStreamReleased) {
  ForeignStream stream(1);
  stream.id_format = "i";
  EXPECT_EQ(ochre_collection_upsert_arrow(collection(), stream.get(), nullptr, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_NE(message().find("utf8"), std::string::npos) << message();
  EXPECT_EQ(stream.stream_releases, 1);
  EXPECT_EQ(stream.schema_releases, 1);
}

}  // namespace
}  // namespace ochre
