// Wrong arguments are refused with a place, and nothing crashes.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <thread>

#include "tests/capi/capi_fixture.h"

namespace ochre {
namespace {

using Misuse = std::function<ochre_status()>;

class MisuseTest : public CapiTest {};

TEST_F(MisuseTest, NullInEveryPointerArgumentIsInvalid) {
  AddThree();
  ochre_error* e = error();
  ochre_client* c = client();
  ochre_collection* papers = collection();
  const ochre_string name = Text("papers");
  const ochre_string none = {nullptr, 0};
  const ResultHandle result = Get(0);
  const ochre_result* r = result.get();
  ochre_embedding_function* raw_function = nullptr;
  ASSERT_EQ(ochre_embedding_function_builtin(Text("ochre_hashing"), none, &raw_function, e), OCHRE_OK);
  const FunctionHandle function(raw_function);
  ochre_records records = Stamped(ochre_records_init);
  ochre_get_options get = Stamped(ochre_get_options_init);
  ochre_query_options query = Stamped(ochre_query_options_init);
  ochre_delete_options deletion = Stamped(ochre_delete_options_init);
  ochre_collection_changes changes = Stamped(ochre_collection_changes_init);
  ochre_stats stats = Stamped(ochre_stats_init);
  ochre_tenant_info tenant = Stamped(ochre_tenant_info_init);
  ochre_database_info database = Stamped(ochre_database_info_init);
  ochre_collection_info info = Stamped(ochre_collection_info_init);
  ochre_client* client_out = nullptr;
  ochre_collection* collection_out = nullptr;
  ochre_embedding_function* function_out = nullptr;
  ochre_result* result_out = nullptr;
  ochre_tenant_list* tenants = nullptr;
  ochre_database_list* databases = nullptr;
  ochre_collection_list* collections = nullptr;
  ochre_tenant_list* tenants_out = nullptr;
  ochre_database_list* databases_out = nullptr;
  ochre_collection_list* collections_out = nullptr;
  ASSERT_EQ(ochre_client_get_tenant(c, Text("default_tenant"), &tenants, e), OCHRE_OK);
  ASSERT_EQ(ochre_client_list_databases(c, OCHRE_NO_LIMIT, 0, &databases, e), OCHRE_OK);
  ASSERT_EQ(ochre_client_list_collections(c, OCHRE_NO_LIMIT, 0, &collections, e), OCHRE_OK);
  int64_t count = 0;
  float row = 0;
  ochre_matrix matrix;
  ochre_string_column column = {};
  ArrowSchema schema = {};
  ArrowArray array = {};
  ArrowArrayStream stream = {};

  const std::vector<std::pair<const char*, Misuse>> calls = {
      {"client_open path", [&] { return ochre_client_open(none, nullptr, &client_out, e); }},
      {"client_open out", [&] { return ochre_client_open(name, nullptr, nullptr, e); }},
      {"client_in_memory out", [&] { return ochre_client_in_memory(nullptr, nullptr, e); }},
      {"client_close", [&] { return ochre_client_close(nullptr, e); }},
      {"client_interrupt", [&] { return ochre_client_interrupt(nullptr, e); }},
      {"create_tenant client", [&] { return ochre_client_create_tenant(nullptr, name, e); }},
      {"create_tenant name", [&] { return ochre_client_create_tenant(c, none, e); }},
      {"get_tenant client", [&] { return ochre_client_get_tenant(nullptr, name, &tenants_out, e); }},
      {"get_tenant name", [&] { return ochre_client_get_tenant(c, none, &tenants_out, e); }},
      {"get_tenant out", [&] { return ochre_client_get_tenant(c, name, nullptr, e); }},
      {"tenant_list_get list", [&] { return ochre_tenant_list_get(nullptr, 0, &tenant, e); }},
      {"tenant_list_get info", [&] { return ochre_tenant_list_get(tenants, 0, nullptr, e); }},
      {"database_list_get list", [&] { return ochre_database_list_get(nullptr, 0, &database, e); }},
      {"database_list_get info", [&] { return ochre_database_list_get(databases, 0, nullptr, e); }},
      {"collection_list_get list", [&] { return ochre_collection_list_get(nullptr, 0, &info, e); }},
      {"collection_list_get info", [&] { return ochre_collection_list_get(collections, 0, nullptr, e); }},
      {"create_database client", [&] { return ochre_client_create_database(nullptr, name, e); }},
      {"create_database name", [&] { return ochre_client_create_database(c, none, e); }},
      {"get_database client", [&] { return ochre_client_get_database(nullptr, name, &databases_out, e); }},
      {"get_database name", [&] { return ochre_client_get_database(c, none, &databases_out, e); }},
      {"get_database out", [&] { return ochre_client_get_database(c, name, nullptr, e); }},
      {"list_databases client", [&] { return ochre_client_list_databases(nullptr, -1, 0, &databases_out, e); }},
      {"list_databases out", [&] { return ochre_client_list_databases(c, -1, 0, nullptr, e); }},
      {"delete_database client", [&] { return ochre_client_delete_database(nullptr, name, e); }},
      {"delete_database name", [&] { return ochre_client_delete_database(c, none, e); }},
      {"with_database client", [&] { return ochre_client_with_database(nullptr, name, name, &client_out, e); }},
      {"with_database tenant", [&] { return ochre_client_with_database(c, none, name, &client_out, e); }},
      {"with_database database", [&] { return ochre_client_with_database(c, name, none, &client_out, e); }},
      {"with_database out", [&] { return ochre_client_with_database(c, name, name, nullptr, e); }},
      {"create_collection client",
       [&] { return ochre_client_create_collection(nullptr, name, nullptr, &collection_out, e); }},
      {"create_collection name", [&] { return ochre_client_create_collection(c, none, nullptr, &collection_out, e); }},
      {"create_collection out", [&] { return ochre_client_create_collection(c, name, nullptr, nullptr, e); }},
      {"get_or_create client",
       [&] { return ochre_client_get_or_create_collection(nullptr, name, nullptr, &collection_out, e); }},
      {"get_or_create name",
       [&] { return ochre_client_get_or_create_collection(c, none, nullptr, &collection_out, e); }},
      {"get_or_create out", [&] { return ochre_client_get_or_create_collection(c, name, nullptr, nullptr, e); }},
      {"get_collection client",
       [&] { return ochre_client_get_collection(nullptr, name, nullptr, &collection_out, e); }},
      {"get_collection name", [&] { return ochre_client_get_collection(c, none, nullptr, &collection_out, e); }},
      {"get_collection out", [&] { return ochre_client_get_collection(c, name, nullptr, nullptr, e); }},
      {"delete_collection client", [&] { return ochre_client_delete_collection(nullptr, name, e); }},
      {"delete_collection name", [&] { return ochre_client_delete_collection(c, none, e); }},
      {"count_collections client", [&] { return ochre_client_count_collections(nullptr, &count, e); }},
      {"count_collections out", [&] { return ochre_client_count_collections(c, nullptr, e); }},
      {"list_collections client", [&] { return ochre_client_list_collections(nullptr, -1, 0, &collections_out, e); }},
      {"list_collections out", [&] { return ochre_client_list_collections(c, -1, 0, nullptr, e); }},
      {"describe collection", [&] { return ochre_collection_describe(nullptr, &collections_out, e); }},
      {"describe out", [&] { return ochre_collection_describe(papers, nullptr, e); }},
      {"modify collection", [&] { return ochre_collection_modify(nullptr, &changes, e); }},
      {"modify changes", [&] { return ochre_collection_modify(papers, nullptr, e); }},
      {"stats collection", [&] { return ochre_collection_stats(nullptr, &stats, e); }},
      {"stats out", [&] { return ochre_collection_stats(papers, nullptr, e); }},
      {"compact", [&] { return ochre_collection_compact(nullptr, e); }},
      {"wait_until_compacted", [&] { return ochre_collection_wait_until_compacted(nullptr, e); }},
      {"verify", [&] { return ochre_collection_verify(nullptr, e); }},
      {"count collection", [&] { return ochre_collection_count(nullptr, &count, e); }},
      {"count out", [&] { return ochre_collection_count(papers, nullptr, e); }},
      {"count_where collection", [&] { return ochre_collection_count_where(nullptr, {}, {}, &count, e); }},
      {"count_where out", [&] { return ochre_collection_count_where(papers, {}, {}, nullptr, e); }},
      {"add collection", [&] { return ochre_collection_add(nullptr, &records, nullptr, e); }},
      {"add records", [&] { return ochre_collection_add(papers, nullptr, nullptr, e); }},
      {"add ids", [&] { return ochre_collection_add(papers, &records, nullptr, e); }},
      {"update collection", [&] { return ochre_collection_update(nullptr, &records, nullptr, e); }},
      {"update records", [&] { return ochre_collection_update(papers, nullptr, nullptr, e); }},
      {"upsert collection", [&] { return ochre_collection_upsert(nullptr, &records, nullptr, e); }},
      {"upsert records", [&] { return ochre_collection_upsert(papers, nullptr, nullptr, e); }},
      {"delete collection", [&] { return ochre_collection_delete(nullptr, &deletion, nullptr, e); }},
      {"delete options", [&] { return ochre_collection_delete(papers, nullptr, nullptr, e); }},
      {"get collection", [&] { return ochre_collection_get(nullptr, &get, &result_out, e); }},
      {"get out", [&] { return ochre_collection_get(papers, &get, nullptr, e); }},
      {"peek collection", [&] { return ochre_collection_peek(nullptr, 1, &result_out, e); }},
      {"peek out", [&] { return ochre_collection_peek(papers, 1, nullptr, e); }},
      {"query collection", [&] { return ochre_collection_query(nullptr, &query, &result_out, e); }},
      {"query options", [&] { return ochre_collection_query(papers, nullptr, &result_out, e); }},
      {"query out", [&] { return ochre_collection_query(papers, &query, nullptr, e); }},
      {"embeddings result", [&] { return ochre_result_embeddings(nullptr, &matrix, e); }},
      {"embeddings out", [&] { return ochre_result_embeddings(r, nullptr, e); }},
      {"strings result", [&] { return ochre_result_strings(nullptr, 0, &column, e); }},
      {"strings out", [&] { return ochre_result_strings(r, 0, nullptr, e); }},
      {"export result", [&] { return ochre_result_export_arrow(nullptr, &schema, &array, e); }},
      {"export schema", [&] { return ochre_result_export_arrow(r, nullptr, &array, e); }},
      {"export array", [&] { return ochre_result_export_arrow(r, &schema, nullptr, e); }},
      {"export stream result", [&] { return ochre_result_export_arrow_stream(nullptr, &stream, e); }},
      {"export stream", [&] { return ochre_result_export_arrow_stream(r, nullptr, e); }},
      {"add_arrow stream", [&] { return ochre_collection_add_arrow(papers, nullptr, nullptr, e); }},
      {"add_arrow released", [&] { return ochre_collection_add_arrow(papers, &stream, nullptr, e); }},
      {"add_arrow collection", [&] { return ochre_collection_add_arrow(nullptr, nullptr, nullptr, e); }},
      {"update_arrow stream", [&] { return ochre_collection_update_arrow(papers, nullptr, nullptr, e); }},
      {"update_arrow collection", [&] { return ochre_collection_update_arrow(nullptr, nullptr, nullptr, e); }},
      {"upsert_arrow stream", [&] { return ochre_collection_upsert_arrow(papers, nullptr, nullptr, e); }},
      {"upsert_arrow collection", [&] { return ochre_collection_upsert_arrow(nullptr, nullptr, nullptr, e); }},
      {"function_new callbacks", [&] { return ochre_embedding_function_new(nullptr, &function_out, e); }},
      {"function_new out", [&] { return ochre_embedding_function_new(nullptr, nullptr, e); }},
      {"builtin name", [&] { return ochre_embedding_function_builtin(none, none, &function_out, e); }},
      {"builtin out", [&] { return ochre_embedding_function_builtin(Text("ochre_hashing"), none, nullptr, e); }},
      {"embed function", [&] { return ochre_embedding_function_embed(nullptr, &column, &row, 0, e); }},
      {"embed texts", [&] { return ochre_embedding_function_embed(function.get(), nullptr, &row, 0, e); }},
      {"embed rows", [&] { return ochre_embedding_function_embed(function.get(), &column, nullptr, 0, e); }},
  };
  for (const auto& [what, call] : calls) {
    SCOPED_TRACE(what);
    EXPECT_EQ(call(), OCHRE_INVALID_ARGUMENT) << message();
    EXPECT_NE(message(), "");
  }
  EXPECT_EQ(ochre_collection_count(papers, &count, nullptr), OCHRE_OK);  // no error object is fine
  ochre_tenant_list_free(tenants);
  ochre_database_list_free(databases);
  ochre_collection_list_free(collections);
}

TEST_F(MisuseTest, CallsWithoutAStatusTakeNullToo) {
  ochre_error_free(nullptr);
  ochre_client_free(nullptr);
  ochre_collection_free(nullptr);
  ochre_result_free(nullptr);
  ochre_embedding_function_free(nullptr);
  ochre_tenant_list_free(nullptr);
  ochre_database_list_free(nullptr);
  ochre_collection_list_free(nullptr);
  ochre_error_set(nullptr, OCHRE_INTERNAL, {nullptr, 0});
  ochre_client_options_init(nullptr, sizeof(ochre_client_options));
  ochre_collection_options_init(nullptr, sizeof(ochre_collection_options));
  ochre_collection_changes_init(nullptr, sizeof(ochre_collection_changes));
  ochre_collection_info_init(nullptr, sizeof(ochre_collection_info));
  ochre_tenant_info_init(nullptr, sizeof(ochre_tenant_info));
  ochre_database_info_init(nullptr, sizeof(ochre_database_info));
  ochre_records_init(nullptr, sizeof(ochre_records));
  ochre_receipt_init(nullptr, sizeof(ochre_receipt));
  ochre_delete_options_init(nullptr, sizeof(ochre_delete_options));
  ochre_get_options_init(nullptr, sizeof(ochre_get_options));
  ochre_query_options_init(nullptr, sizeof(ochre_query_options));
  ochre_stats_init(nullptr, sizeof(ochre_stats));
  ochre_embedding_callbacks_init(nullptr, sizeof(ochre_embedding_callbacks));
  EXPECT_EQ(ochre_error_code(nullptr), OCHRE_OK);
  EXPECT_EQ(ochre_error_index(nullptr), -1);
  EXPECT_EQ(ochre_error_message(nullptr).size, 0);
  EXPECT_EQ(ochre_client_tenant(nullptr).data, nullptr);
  EXPECT_EQ(ochre_client_database(nullptr).data, nullptr);
  EXPECT_EQ(ochre_collection_id(nullptr).data, nullptr);
  EXPECT_EQ(ochre_embedding_function_name(nullptr).data, nullptr);
  EXPECT_EQ(ochre_embedding_function_config(nullptr).data, nullptr);
  EXPECT_EQ(ochre_embedding_function_dimension(nullptr), 0);
  EXPECT_EQ(ochre_tenant_list_size(nullptr), 0);
  EXPECT_EQ(ochre_database_list_size(nullptr), 0);
  EXPECT_EQ(ochre_collection_list_size(nullptr), 0);
  EXPECT_EQ(ochre_result_size(nullptr), 0);
  EXPECT_EQ(ochre_result_include(nullptr), 0U);
  EXPECT_EQ(ochre_result_query_count(nullptr), 0);
  EXPECT_EQ(ochre_result_offsets(nullptr), nullptr);
  EXPECT_EQ(ochre_result_distances(nullptr), nullptr);
  EXPECT_EQ(ochre_result_string(nullptr, 0, 0).data, nullptr);
  EXPECT_EQ(ochre_string_from(nullptr).data, nullptr);
  EXPECT_EQ(ochre_has_feature({nullptr, 0}), 0);
  EXPECT_EQ(ochre_has_feature(Text("arrow_export")), 1);
  EXPECT_EQ(ochre_has_feature(Text("teleport")), 0);
  EXPECT_EQ(ochre_version_number(), OCHRE_VERSION_NUMBER);
  EXPECT_STREQ(ochre_status_name(OCHRE_DATA_LOSS), "DataLoss");
  EXPECT_STREQ(ochre_status_name(-7), "Unknown");
}

TEST_F(MisuseTest, AHandleOfAnotherKindIsRefused) {
  auto* wrong = reinterpret_cast<ochre_collection*>(client());
  int64_t count = 0;
  EXPECT_EQ(ochre_collection_count(wrong, &count, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_EQ(ochre_client_close(reinterpret_cast<ochre_client*>(collection()), error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_EQ(ochre_collection_count(collection(), &count, reinterpret_cast<ochre_error*>(client())),
            OCHRE_INVALID_ARGUMENT);
  ochre_collection_free(wrong);  // is left alone
  EXPECT_EQ(ochre_client_count_collections(client(), &count, error()), OCHRE_OK);
}

// `damage` makes three good records bad; the message is to contain `place`.
struct BadRecords {
  const char* name;
  void (*damage)(ochre_records&, ochre_string_column& ids, ochre_matrix& matrix);
  const char* place;
};

class BadRecordsTest : public CapiTest, public testing::WithParamInterface<BadRecords> {};

TEST_P(BadRecordsTest, AreRefusedWithThePlace) {
  const Strings given = {"a", "b", "c"};
  ochre_string_column ids = *given.get();
  const std::vector<float> values = {1, 2, 3};
  ochre_matrix matrix = Matrix(values, 1);
  ochre_records records = Stamped(ochre_records_init);
  records.ids = &ids;
  records.embeddings = &matrix;
  GetParam().damage(records, ids, matrix);
  EXPECT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_NE(message().find(GetParam().place), std::string::npos) << message();
}

constexpr ochre_string kBadUtf8 = {"\xff", 1};
constexpr ochre_string kNegative = {"x", -1};
constexpr int64_t kDescending[] = {0, 2, 1, 3};

INSTANTIATE_TEST_SUITE_P(
    Each, BadRecordsTest,
    testing::Values(
        BadRecords{"NegativeCount", [](auto&, auto& ids, auto&) { ids.count = -1; }, "ids"},
        BadRecords{"HugeCount", [](auto&, auto& ids, auto&) { ids.count = INT64_MAX; }, "ids"},
        BadRecords{"NoStrings", [](auto&, auto& ids, auto&) { ids.strings = nullptr; }, "ids"},
        BadRecords{"BothForms", [](auto&, auto& ids, auto&) { ids.offsets64 = kDescending; }, "ids"},
        BadRecords{"DescendingOffsets",
                   [](auto&, auto& ids, auto&) {
                     ids.strings = nullptr;
                     ids.offsets64 = kDescending;
                     ids.data = "abc";
                   },
                   "index 1"},
        BadRecords{"NoText",
                   [](auto&, auto& ids, auto&) {
                     ids.strings = nullptr;
                     ids.offsets64 = kDescending;
                   },
                   "ids.data"},
        BadRecords{"BadUtf8",
                   [](auto&, auto& ids, auto& matrix) {
                     ids.strings = &kBadUtf8;
                     ids.count = 1;
                     matrix.rows = 1;
                   },
                   "UTF-8"},
        BadRecords{"NegativeSize",
                   [](auto&, auto& ids, auto&) {
                     ids.strings = &kNegative;
                     ids.count = 1;
                   },
                   "index 0"},
        BadRecords{"Overflow",
                   [](auto&, auto&, auto& matrix) {
                     matrix.rows = int64_t{1} << 40;
                     matrix.columns = int64_t{1} << 40;
                   },
                   "overflows"},
        BadRecords{"StrideOverflow", [](auto&, auto&, auto& matrix) { matrix.row_stride_bytes = INT64_MAX; },
                   "overflows"},
        BadRecords{"NegativeStride", [](auto&, auto&, auto& matrix) { matrix.row_stride_bytes = -4; }, "row_stride"},
        BadRecords{"NegativeRows", [](auto&, auto&, auto& matrix) { matrix.rows = -1; }, "rows"},
        BadRecords{"UnknownDtype", [](auto&, auto&, auto& matrix) { matrix.dtype = 9; }, "dtype"},
        BadRecords{"NoData", [](auto&, auto&, auto& matrix) { matrix.data = nullptr; }, "embeddings.data"},
        BadRecords{"FewerRows", [](auto&, auto&, auto& matrix) { matrix.rows = 2; }, "2"},
        BadRecords{"NotStamped", [](auto& records, auto&, auto&) { records.struct_size = 0; }, "struct_size"},
        BadRecords{"HugeStamp", [](auto& records, auto&, auto&) { records.struct_size = UINT64_MAX; }, "struct_size"}),
    [](const auto& info) { return std::string(info.param.name); });

// A program that was compiled with a newer header, which has one more option.
struct NewerGetOptions {
  ochre_get_options known;
  int64_t later;
};

TEST_F(MisuseTest, AStructOfANewerHeaderWorksUnlessItAsksForMore) {
  AddThree();
  NewerGetOptions options;
  options.later = 77;
  ochre_get_options_init(&options.known, sizeof(options));
  EXPECT_EQ(options.later, 0);
  EXPECT_EQ(options.known.struct_size, sizeof(options));
  ochre_result* result = nullptr;
  ASSERT_EQ(ochre_collection_get(collection(), &options.known, &result, error()), OCHRE_OK) << message();
  ochre_result_free(result);
  options.later = 1;
  EXPECT_EQ(ochre_collection_get(collection(), &options.known, &result, error()), OCHRE_UNIMPLEMENTED);
}

TEST_F(MisuseTest, ErrorsBelongToTheirThread) {
  int64_t count = 0;
  EXPECT_EQ(ochre_collection_count(nullptr, &count, error()), OCHRE_INVALID_ARGUMENT);
  std::thread([] { EXPECT_EQ(ochre_last_error_code(), OCHRE_OK); }).join();
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK);
  EXPECT_EQ(ochre_error_code(error()), OCHRE_OK);
  EXPECT_EQ(ochre_last_error_code(), OCHRE_INVALID_ARGUMENT);  // a success leaves it
}

// Random arguments, right and wrong, to the calls that take the most of them.
TEST_F(MisuseTest, RandomArgumentsNeverCrash) {
  AddThree();
  constexpr uint32_t kSeed = 20240611;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const auto one_of = [&](auto... values) {
    const std::common_type_t<decltype(values)...> all[] = {values...};
    return all[random() % sizeof...(values)];
  };
  const std::vector<float> values(64, 1.0F);
  const ochre_string texts[] = {Text("a"),    Text(""),           Text("\xc3"),
                                {nullptr, 0}, {nullptr, 3},       {"x", -5},
                                Text("{}"),   Text("{\"a\": 1}"), Text("{\"year\": {\"$gt\": 2000}}"),
                                Text("[[[[")};
  constexpr size_t kTexts = sizeof(texts) / sizeof(texts[0]);
  const auto text = [&] { return texts[random() % kTexts]; };
  int64_t refused = 0;
  int64_t accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    ochre_string_column ids = {};
    ids.count = one_of(int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{3}, int64_t{4});
    ids.strings = one_of(static_cast<const ochre_string*>(nullptr), texts, texts);
    ochre_matrix matrix = {};
    matrix.data = one_of(static_cast<const void*>(nullptr), static_cast<const void*>(values.data()));
    matrix.rows = one_of(int64_t{-3}, int64_t{0}, int64_t{1}, int64_t{3}, INT64_MAX);
    matrix.columns = one_of(int64_t{-3}, int64_t{0}, int64_t{1}, int64_t{2}, int64_t{2}, INT64_MAX);
    matrix.row_stride_bytes = one_of(int64_t{0}, int64_t{0}, int64_t{-8}, int64_t{8}, int64_t{16}, INT64_MAX);
    matrix.dtype = one_of(0, 0, 1, 2, 3, -1);
    ochre_result* result = nullptr;
    ochre_status status;
    switch (random() % 4) {
      case 0: {
        ochre_records records = Stamped(ochre_records_init);
        records.struct_size = one_of(uint64_t{0}, records.struct_size, records.struct_size, UINT64_MAX);
        records.ids = one_of(&ids, &ids, static_cast<ochre_string_column*>(nullptr));
        records.embeddings = &matrix;
        records.documents = one_of(&ids, static_cast<ochre_string_column*>(nullptr));
        records.metadatas = one_of(&ids, static_cast<ochre_string_column*>(nullptr));
        status = ochre_collection_upsert(collection(), &records, nullptr, error());
        break;
      }
      case 1: {
        ochre_get_options options = Stamped(ochre_get_options_init);
        options.ids = one_of(&ids, static_cast<ochre_string_column*>(nullptr));
        options.where = text();
        options.where_document = text();
        options.limit = one_of(int64_t{-2}, int64_t{-1}, int64_t{0}, int64_t{2}, INT64_MAX);
        options.offset = one_of(int64_t{-2}, int64_t{0}, int64_t{2}, INT64_MAX);
        options.include = static_cast<uint32_t>(random() % 64);
        status = ochre_collection_get(collection(), &options, &result, error());
        break;
      }
      case 2: {
        ochre_query_options options = Stamped(ochre_query_options_init);
        options.embeddings = one_of(&matrix, &matrix, static_cast<ochre_matrix*>(nullptr));
        options.texts =
            one_of(&ids, static_cast<ochre_string_column*>(nullptr), static_cast<ochre_string_column*>(nullptr));
        options.n_results = one_of(int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{10}, INT64_MAX);
        options.where = one_of(0, 0, 1) == 0 ? ochre_string{nullptr, 0} : text();
        options.target_recall = one_of(0.0, 0.0, 0.9, -1.0, 2.0, static_cast<double>(NAN));
        options.ef_search = one_of(0, 0, 10, -1, INT32_MAX);
        options.num_threads = one_of(0, 1, -1, INT32_MAX);
        options.exact = one_of(0, 1, 7);
        status = ochre_collection_query(collection(), &options, &result, error());
        break;
      }
      default: {
        ochre_delete_options options = Stamped(ochre_delete_options_init);
        options.ids = &ids;
        options.where = text();
        options.limit = one_of(int64_t{-2}, int64_t{-1}, int64_t{1});
        status = ochre_collection_delete(collection(), &options, nullptr, error());
      }
    }
    EXPECT_EQ(status, ochre_error_code(error()));
    if (status == OCHRE_OK) {
      ++accepted;
    } else {
      ++refused;
      EXPECT_NE(message(), "");
      EXPECT_EQ(result, nullptr);
    }
    ochre_result_free(result);
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 20);
}

}  // namespace
}  // namespace ochre
