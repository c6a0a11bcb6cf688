// Clients, collections and what the catalogue says of them; ends of calls: close, interrupt, deadline.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/capi/capi_fixture.h"

namespace ochre {
namespace {

using ClientTest = CapiTest;

TEST_F(ClientTest, ADirectoryIsOpenedAgainWithWhatWasWritten) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "capi_client_test.ochre";
  std::filesystem::remove_all(path);
  for (const int64_t expected : {0, 1}) {
    ochre_client* raw = nullptr;
    ASSERT_EQ(ochre_client_open(Text(path.native()), nullptr, &raw, error()), OCHRE_OK) << message();
    const ClientHandle opened(raw);
    int64_t count = -1;
    ASSERT_EQ(ochre_client_count_collections(raw, &count, error()), OCHRE_OK);
    EXPECT_EQ(count, expected);
    ochre_collection* collection = nullptr;
    ASSERT_EQ(ochre_client_get_or_create_collection(raw, Text("kept"), nullptr, &collection, error()), OCHRE_OK);
    ochre_collection_free(collection);
  }
  ochre_client_options options = Stamped(ochre_client_options_init);
  options.create_if_missing = 0;
  ochre_client* missing = nullptr;
  EXPECT_EQ(ochre_client_open(Text((path / "missing").native()), &options, &missing, error()), OCHRE_NOT_FOUND);
  EXPECT_EQ(missing, nullptr);
  std::filesystem::remove_all(path);
}

TEST_F(ClientTest, ADirectoryThatIsOpenedAgainIsSharedUntilItsLastClientIsClosed) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "capi_shared_test.ochre";
  std::filesystem::remove_all(path);
  ochre_client* first = nullptr;
  ochre_client* second = nullptr;
  ASSERT_EQ(ochre_client_open(Text(path.native()), nullptr, &first, error()), OCHRE_OK) << message();
  const ClientHandle first_owner(first);
  ASSERT_EQ(ochre_client_open(Text((path / ".").native()), nullptr, &second, error()), OCHRE_OK) << message();
  const ClientHandle second_owner(second);
  ochre_collection* collection = nullptr;
  ASSERT_EQ(ochre_client_create_collection(first, Text("papers"), nullptr, &collection, error()), OCHRE_OK);
  const CollectionHandle owner(collection);

  ASSERT_EQ(ochre_client_close(first, error()), OCHRE_OK) << message();
  ASSERT_EQ(ochre_client_close(first, error()), OCHRE_OK) << "a second time does nothing";
  int64_t count = -1;
  EXPECT_EQ(ochre_client_count_collections(first, &count, error()), OCHRE_FAILED_PRECONDITION);
  EXPECT_EQ(ochre_collection_count(collection, &count, error()), OCHRE_FAILED_PRECONDITION);
  ASSERT_EQ(ochre_client_count_collections(second, &count, error()), OCHRE_OK) << message();
  EXPECT_EQ(count, 1);

  ochre_client_options options = Stamped(ochre_client_options_init);
  options.tail_records_max = 7;
  ochre_client* other = nullptr;
  EXPECT_EQ(ochre_client_open(Text(path.native()), &options, &other, error()), OCHRE_FAILED_PRECONDITION);
  EXPECT_NE(message().find("tail_records_max 30000 and not 7"), std::string::npos) << message();
  ASSERT_EQ(ochre_client_close(second, error()), OCHRE_OK) << message();
  ASSERT_EQ(ochre_client_open(Text(path.native()), &options, &other, error()), OCHRE_OK) << message();
  ochre_client_free(other);
  std::filesystem::remove_all(path);
}

TEST_F(ClientTest, AListedCollectionIsOpenedWithoutALookUp) {
  AddThree();
  ochre_collection_list* list = nullptr;
  ASSERT_EQ(ochre_client_list_collections(client(), OCHRE_NO_LIMIT, 0, &list, error()), OCHRE_OK) << message();
  const CollectionListHandle owner(list);
  ochre_collection_changes changes = Stamped(ochre_collection_changes_init);
  changes.name = Text("renamed");
  ASSERT_EQ(ochre_collection_modify(collection(), &changes, error()), OCHRE_OK) << message();
  ochre_collection* listed = nullptr;
  ASSERT_EQ(ochre_client_open_listed_collection(client(), list, 0, nullptr, &listed, error()), OCHRE_OK) << message();
  const CollectionHandle listed_owner(listed);
  int64_t count = 0;
  ASSERT_EQ(ochre_collection_count(listed, &count, error()), OCHRE_OK) << message();
  EXPECT_EQ(count, 3);

  ASSERT_EQ(ochre_client_delete_collection(client(), Text("renamed"), error()), OCHRE_OK) << message();
  EXPECT_EQ(ochre_collection_count(listed, &count, error()), OCHRE_NOT_FOUND);
  ochre_collection* again = nullptr;
  ASSERT_EQ(ochre_client_open_listed_collection(client(), list, 0, nullptr, &again, error()), OCHRE_OK) << message();
  ochre_collection_free(again);
  for (const int64_t index : {-1, 1}) {
    EXPECT_EQ(ochre_client_open_listed_collection(client(), list, index, nullptr, &again, error()), OCHRE_OUT_OF_RANGE);
  }
  EXPECT_EQ(ochre_client_open_listed_collection(client(), nullptr, 0, nullptr, &again, error()),
            OCHRE_INVALID_ARGUMENT);
}

TEST_F(ClientTest, ATenantWithoutDatabasesIsSeenForThem) {
  ASSERT_EQ(ochre_client_create_tenant(client(), Text("acme"), error()), OCHRE_OK) << message();
  ochre_client* view = nullptr;
  ASSERT_EQ(ochre_client_with_tenant(client(), Text("acme"), &view, error()), OCHRE_OK) << message();
  const ClientHandle owner(view);
  ochre_collection* collection = nullptr;
  EXPECT_EQ(ochre_client_create_collection(view, Text("papers"), nullptr, &collection, error()),
            OCHRE_INVALID_ARGUMENT);
  ASSERT_EQ(ochre_client_create_database(view, Text("sales"), error()), OCHRE_OK) << message();
  ochre_database_list* databases = nullptr;
  ASSERT_EQ(ochre_client_list_databases(view, OCHRE_NO_LIMIT, 0, &databases, error()), OCHRE_OK) << message();
  EXPECT_EQ(ochre_database_list_size(databases), 1);
  ochre_database_list_free(databases);
  ochre_client* missing = nullptr;
  EXPECT_EQ(ochre_client_with_tenant(client(), Text("nobody"), &missing, error()), OCHRE_NOT_FOUND);
}

TEST_F(ClientTest, AResetDeletesEverything) {
  AddThree();
  ASSERT_EQ(ochre_client_create_tenant(client(), Text("acme"), error()), OCHRE_OK) << message();
  ASSERT_EQ(ochre_client_reset(client(), error()), OCHRE_OK) << message();
  int64_t count = -1;
  ASSERT_EQ(ochre_client_count_collections(client(), &count, error()), OCHRE_OK) << message();
  EXPECT_EQ(count, 0);
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_NOT_FOUND);
  ochre_tenant_list* tenants = nullptr;
  EXPECT_EQ(ochre_client_get_tenant(client(), Text("acme"), &tenants, error()), OCHRE_NOT_FOUND);
}

TEST_F(ClientTest, QuotasBoundWhatIsAskedFor) {
  ochre_client_options options = Stamped(ochre_client_options_init);
  EXPECT_EQ(options.quotas.data, nullptr) << "they are off";
  options.quotas = Text("{\"preset\": \"chroma-cloud\", \"name_size_bytes\": 5}");
  ochre_client* raw = nullptr;
  ASSERT_EQ(ochre_client_in_memory(&options, &raw, error()), OCHRE_OK) << message();
  const ClientHandle bounded(raw);
  EXPECT_EQ(ochre_client_create_database(raw, Text("second"), error()), OCHRE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(message().starts_with("Quota exceeded: ")) << message();
  EXPECT_EQ(ochre_client_create_database(raw, Text("other"), error()), OCHRE_OK) << message();

  ochre_client* refused = nullptr;
  options.quotas = Text("{\"name_size\": 5}");
  EXPECT_EQ(ochre_client_in_memory(&options, &refused, error()), OCHRE_INVALID_ARGUMENT);
  EXPECT_NE(message().find("name_size"), std::string::npos) << message();
}

TEST_F(ClientTest, OptionsOfProgramsThatKnowNoQuotasAreTaken) {
  ochre_client_options options = {};
  ochre_client_options_init(&options, offsetof(ochre_client_options, quotas));
  options.quotas = {"not read", 8};
  ochre_client* raw = nullptr;
  ASSERT_EQ(ochre_client_in_memory(&options, &raw, error()), OCHRE_OK) << message();
  ochre_client_free(raw);
  options.struct_size -= 8;
  EXPECT_EQ(ochre_client_in_memory(&options, &raw, error()), OCHRE_INVALID_ARGUMENT) << "too short for any header";
}

TEST_F(ClientTest, CollectionsCarryTheirOptionsAndChanges) {
  ochre_collection_options options = Stamped(ochre_collection_options_init);
  options.space = OCHRE_SPACE_COSINE;
  options.ef_search = 50;
  options.quantization = OCHRE_QUANTIZATION_LVQ4;
  options.metadata_json = Text("{\"about\": \"notes\"}");
  ochre_collection* raw = nullptr;
  ASSERT_EQ(ochre_client_create_collection(client(), Text("notes"), &options, &raw, error()), OCHRE_OK) << message();
  const CollectionHandle notes(raw);
  ochre_collection_changes changes = Stamped(ochre_collection_changes_init);
  changes.name = Text("renamed");
  changes.ef_search = 70;
  ASSERT_EQ(ochre_collection_modify(raw, &changes, error()), OCHRE_OK) << message();

  ochre_collection_list* list = nullptr;
  ASSERT_EQ(ochre_collection_describe(raw, &list, error()), OCHRE_OK) << message();
  const CollectionListHandle owner(list);
  ASSERT_EQ(ochre_collection_list_size(list), 1);
  ochre_collection_info info = Stamped(ochre_collection_info_init);
  ASSERT_EQ(ochre_collection_list_get(list, 0, &info, error()), OCHRE_OK);
  EXPECT_EQ(ToString(info.name), "renamed");
  EXPECT_EQ(ToString(info.id), ToString(ochre_collection_id(raw)));
  EXPECT_EQ(info.space, OCHRE_SPACE_COSINE);
  EXPECT_EQ(info.ef_search, 70);
  EXPECT_EQ(info.quantization, OCHRE_QUANTIZATION_LVQ4);
  EXPECT_NE(ToString(info.metadata_json).find("notes"), std::string::npos);
  EXPECT_NE(ToString(info.configuration_json).find("cosine"), std::string::npos);
  EXPECT_EQ(ochre_collection_list_get(list, 1, &info, error()), OCHRE_OUT_OF_RANGE);
}

TEST_F(ClientTest, TenantsAndDatabasesAreSeenThroughViews) {
  ASSERT_EQ(ochre_client_create_tenant(client(), Text("acme"), error()), OCHRE_OK) << message();
  ochre_tenant_list* tenants = nullptr;
  ASSERT_EQ(ochre_client_get_tenant(client(), Text("acme"), &tenants, error()), OCHRE_OK) << message();
  ochre_tenant_info tenant = Stamped(ochre_tenant_info_init);
  ASSERT_EQ(ochre_tenant_list_get(tenants, 0, &tenant, error()), OCHRE_OK);
  EXPECT_EQ(ToString(tenant.name), "acme");
  EXPECT_EQ(ToString(tenant.resource_name), "(null)");
  ochre_tenant_list_free(tenants);

  ASSERT_EQ(ochre_client_create_database(client(), Text("second"), error()), OCHRE_OK) << message();
  ochre_client* view = nullptr;
  ASSERT_EQ(ochre_client_with_database(client(), Text("default_tenant"), Text("second"), &view, error()), OCHRE_OK)
      << message();
  const ClientHandle owner(view);
  EXPECT_EQ(ToString(ochre_client_database(view)), "second");
  EXPECT_EQ(ToString(ochre_client_tenant(view)), "default_tenant");
  int64_t count = -1;
  ASSERT_EQ(ochre_client_count_collections(view, &count, error()), OCHRE_OK);
  EXPECT_EQ(count, 0);

  ochre_database_list* databases = nullptr;
  ASSERT_EQ(ochre_client_list_databases(client(), OCHRE_NO_LIMIT, 0, &databases, error()), OCHRE_OK);
  EXPECT_EQ(ochre_database_list_size(databases), 2);
  ochre_database_list_free(databases);
  ASSERT_EQ(ochre_client_delete_database(client(), Text("second"), error()), OCHRE_OK) << message();
  EXPECT_EQ(ochre_client_get_database(client(), Text("second"), &databases, error()), OCHRE_NOT_FOUND);
}

TEST_F(ClientTest, UseAfterCloseIsAnError) {
  AddThree();
  ASSERT_EQ(ochre_client_close(client(), error()), OCHRE_OK);
  EXPECT_EQ(ochre_client_close(client(), error()), OCHRE_OK);  // a second time does nothing
  int64_t count = 0;
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_FAILED_PRECONDITION);
  EXPECT_EQ(ochre_client_count_collections(client(), &count, error()), OCHRE_FAILED_PRECONDITION);
  ochre_result* result = nullptr;
  EXPECT_EQ(ochre_collection_get(collection(), nullptr, &result, error()), OCHRE_FAILED_PRECONDITION);
  EXPECT_EQ(result, nullptr);
}

TEST_F(ClientTest, AResultOutlivesItsCollectionAndClient) {
  AddThree();
  ochre_client* raw = nullptr;
  ASSERT_EQ(ochre_client_in_memory(nullptr, &raw, error()), OCHRE_OK);
  const ResultHandle result = Get(OCHRE_INCLUDE_DOCUMENTS);
  ASSERT_EQ(ochre_client_close(client(), error()), OCHRE_OK);
  EXPECT_EQ(ToString(ochre_result_string(result.get(), OCHRE_COLUMN_DOCUMENTS, 2)), "third");
  ochre_client_free(raw);
}

TEST_F(ClientTest, ADeadlineThatHasPassedEndsCalls) {
  int64_t count = 0;
  ochre_thread_set_timeout(0);
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_DEADLINE_EXCEEDED);
  // It is the thread's own.
  ochre_status elsewhere = OCHRE_UNKNOWN;
  std::thread([&] { elsewhere = ochre_collection_count(collection(), &count, nullptr); }).join();
  EXPECT_EQ(elsewhere, OCHRE_OK);
  ochre_thread_set_timeout(INT64_MAX);
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK);
  ochre_thread_set_timeout(-1);
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK);
}

TEST_F(ClientTest, ClosingWaitsForWhatOtherThreadsRun) {
  AddThree();
  std::atomic<int> running = 0;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&, worker] {
      const std::string id = "worker " + std::to_string(worker);
      const std::vector<float> values = {1, 2};
      const ochre_matrix matrix = Matrix(values, 2);
      const Strings ids = {id.c_str()};
      ochre_records records = Stamped(ochre_records_init);
      records.ids = ids.get();
      records.embeddings = &matrix;
      ochre_query_options options = Stamped(ochre_query_options_init);
      options.embeddings = &matrix;
      ochre_status status = OCHRE_OK;
      for (int round = 0; status == OCHRE_OK; ++round) {
        ochre_result* result = nullptr;
        status = round % 2 == 0 ? ochre_collection_query(collection(), &options, &result, nullptr)
                                : ochre_collection_upsert(collection(), &records, nullptr, nullptr);
        ochre_result_free(result);
        if (round == 3) ++running;
      }
      EXPECT_EQ(status, OCHRE_FAILED_PRECONDITION) << ToString(ochre_last_error_message());
    });
  }
  while (running < 4) std::this_thread::yield();
  EXPECT_EQ(ochre_client_close(client(), error()), OCHRE_OK) << message();
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ClientTest, WritersThatAreNotToWaitAreRefused) {
  ochre_client_options options = Stamped(ochre_client_options_init);
  EXPECT_EQ(options.writers_refused, 0);
  options.writers_refused = 1;
  options.tail_bytes_slowdown = 1;
  ochre_client* raw = nullptr;
  ASSERT_EQ(ochre_client_in_memory(&options, &raw, error()), OCHRE_OK) << message();
  const ClientHandle client(raw);
  ochre_collection* collection = nullptr;
  ASSERT_EQ(ochre_client_create_collection(raw, Text("papers"), nullptr, &collection, error()), OCHRE_OK) << message();
  const CollectionHandle owner(collection);
  const std::vector<float> values = {0, 1};
  const ochre_matrix matrix = Matrix(values, 2);
  const Strings ids = {"a"};
  ochre_records records = Stamped(ochre_records_init);
  records.ids = ids.get();
  records.embeddings = &matrix;
  ASSERT_EQ(ochre_collection_upsert(collection, &records, nullptr, error()), OCHRE_OK) << message();
  EXPECT_EQ(ochre_collection_upsert(collection, &records, nullptr, error()), OCHRE_RESOURCE_EXHAUSTED);
  ASSERT_EQ(ochre_collection_wait_until_compacted(collection, error()), OCHRE_OK) << message();
  EXPECT_EQ(ochre_collection_upsert(collection, &records, nullptr, error()), OCHRE_OK) << message();
}

// 20,000 records and 5,000 queries that scan all of them: seconds of work.
class LongCallTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    std::vector<std::string> names(20'000);
    std::vector<ochre_string> strings;
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] = std::to_string(i);
      strings.push_back(Text(names[i]));
    }
    ochre_string_column ids = {};
    ids.count = static_cast<int64_t>(strings.size());
    ids.strings = strings.data();
    const std::vector<float> values(names.size() * kDimension, 0.5f);
    const ochre_matrix matrix = Matrix(values, kDimension);
    ochre_records records = Stamped(ochre_records_init);
    records.ids = &ids;
    records.embeddings = &matrix;
    ASSERT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  }

  ochre_status QueryLong() {
    const std::vector<float> values(size_t{5'000} * kDimension, 0.25f);
    const ochre_matrix matrix = Matrix(values, kDimension);
    ochre_query_options options = Stamped(ochre_query_options_init);
    options.embeddings = &matrix;
    options.exact = 1;
    ochre_result* result = nullptr;
    const ochre_status status = ochre_collection_query(collection(), &options, &result, error());
    EXPECT_EQ(result, nullptr);
    return status;
  }

  static constexpr size_t kDimension = 64;
};

// What a thread's check was asked, and what it answers.
struct Asked {
  ochre_status answer = OCHRE_OK;
  ochre_collection* collection = nullptr;  // to make a call from within, if it is not null
  int64_t times = 0;
  std::thread::id by = {};
};

ochre_status Answer(void* user_data) {
  Asked& asked = *static_cast<Asked*>(user_data);
  ++asked.times;
  asked.by = std::this_thread::get_id();
  int64_t count = 0;
  if (asked.collection != nullptr) {
    EXPECT_EQ(ochre_collection_count(asked.collection, &count, nullptr), OCHRE_OK);
  }
  return asked.answer;
}

TEST_F(LongCallTest, ACheckEndsARunningSearchWithItsAnswer) {
  for (const ochre_status answer : {OCHRE_CANCELLED, 1000}) {
    Asked asked;
    asked.answer = answer;
    asked.collection = collection();
    ochre_thread_set_check(&Answer, &asked);
    EXPECT_EQ(QueryLong(), answer) << message();
    ochre_thread_set_check(nullptr, nullptr);
    EXPECT_EQ(asked.times, 1);
    EXPECT_EQ(asked.by, std::this_thread::get_id());
  }
}

TEST_F(LongCallTest, ACheckIsNotAskedByShortCallsNorByOtherThreads) {
  Asked asked;
  asked.answer = OCHRE_CANCELLED;
  ochre_thread_set_check(&Answer, &asked);
  int64_t count = 0;
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK);
  std::thread([&] {
    ochre_thread_set_timeout(200);
    EXPECT_EQ(QueryLong(), OCHRE_DEADLINE_EXCEEDED);
  }).join();
  ochre_thread_set_check(nullptr, nullptr);
  EXPECT_EQ(asked.times, 0);
}

TEST_F(LongCallTest, ACompactionGoesOnWhenTheCallThatAskedForItHasEnded) {
  ochre_thread_set_timeout(1);
  EXPECT_EQ(ochre_collection_compact(collection(), error()), OCHRE_DEADLINE_EXCEEDED) << message();
  ochre_thread_set_timeout(-1);
  ochre_stats stats = Stamped(ochre_stats_init);
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(ochre_collection_stats(collection(), &stats, error()), OCHRE_OK) << message();
  } while (stats.segment_count == 0);
  EXPECT_EQ(stats.segment_records, 20'000);
}

TEST_F(LongCallTest, ClosingEndsACompactionThatNobodyWaitsFor) {
  ochre_thread_set_timeout(1);
  EXPECT_EQ(ochre_collection_compact(collection(), error()), OCHRE_DEADLINE_EXCEEDED) << message();
  ochre_thread_set_timeout(-1);
  EXPECT_EQ(ochre_client_close(client(), error()), OCHRE_OK) << message();
}

TEST_F(LongCallTest, ADeadlineEndsARunningSearch) {
  ochre_thread_set_timeout(20);
  EXPECT_EQ(QueryLong(), OCHRE_DEADLINE_EXCEEDED) << message();
  ochre_thread_set_timeout(-1);
}

TEST_F(LongCallTest, AnInterruptEndsARunningSearch) {
  std::atomic<bool> ended = false;
  std::thread other([&] {
    while (!ended) {  // one of these comes while it runs
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      EXPECT_EQ(ochre_client_interrupt(client(), nullptr), OCHRE_OK);
    }
  });
  EXPECT_EQ(QueryLong(), OCHRE_CANCELLED) << message();
  ended = true;
  other.join();
  int64_t count = 0;
  EXPECT_EQ(ochre_collection_count(collection(), &count, error()), OCHRE_OK) << "later calls are not affected";
  EXPECT_EQ(count, 20'000);
}

TEST_F(ClientTest, MaintenanceReportsWhatIsThere) {
  AddThree();
  ASSERT_EQ(ochre_collection_compact(collection(), error()), OCHRE_OK) << message();
  ASSERT_EQ(ochre_collection_wait_until_compacted(collection(), error()), OCHRE_OK) << message();
  ASSERT_EQ(ochre_collection_verify(collection(), error()), OCHRE_OK) << message();
  ochre_stats stats = Stamped(ochre_stats_init);
  ASSERT_EQ(ochre_collection_stats(collection(), &stats, error()), OCHRE_OK) << message();
  EXPECT_EQ(stats.record_count, 3);
  EXPECT_EQ(stats.segment_count, 1);
  EXPECT_EQ(stats.tail_records, 0);
  EXPECT_EQ(stats.max_neighbors_used, 16);
  EXPECT_EQ(stats.ef_construction_used, 100);
  EXPECT_EQ(stats.ef_search_used, 100);
}

TEST_F(ClientTest, ACallerOfTheFirstVersionGetsTheStatsThatItKnows) {
  AddThree();
  ochre_stats stats;
  std::memset(&stats, 0x55, sizeof(stats));
  ochre_stats_init(&stats, offsetof(ochre_stats, max_neighbors_used));
  ASSERT_EQ(ochre_collection_stats(collection(), &stats, error()), OCHRE_OK) << message();
  EXPECT_EQ(stats.record_count, 3);
  EXPECT_EQ(stats.max_neighbors_used, 0x55555555) << "what the caller does not have is not written";
}

}  // namespace
}  // namespace ochre
