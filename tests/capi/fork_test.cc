// A forked child has its parent's handles, but none of its threads, and mutexes that nobody will ever unlock.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/capi/capi_fixture.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

// Runs `body` in a forked child, which then ends; what it returns is the child's exit status.
int StatusOfChild(const std::function<int()>& body, unsigned seconds_max = 20) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(seconds_max);  // rather than to hang
    _exit(body());
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

class ForkTest : public CapiTest {
 protected:
  std::string Path() const { return directory_.path().native(); }

  ochre_status Open(ochre_client** client) {
    ochre_client_options options = Stamped(ochre_client_options_init);
    options.durability = OCHRE_DURABILITY_NONE;
    return ochre_client_open(Text(Path()), &options, client, nullptr);
  }

  ClientHandle MustOpen() {
    ochre_client* client = nullptr;
    EXPECT_EQ(Open(&client), OCHRE_OK) << ToString(ochre_last_error_message());
    return ClientHandle(client);
  }

  // In a child: makes every kind of call on its parent's handles and frees them. The number of the first call that is
  // not refused as it should be; 0 if all are.
  int UseAndFree(ClientHandle client, CollectionHandle collection) {
    int64_t count = 0;
    ochre_result* result = nullptr;
    ochre_client* other = nullptr;
    const std::vector<float> values = {1, 2};
    const ochre_matrix matrix = Matrix(values, 2);
    const Strings ids = {"of a child"};
    ochre_records records = Stamped(ochre_records_init);
    records.ids = ids.get();
    records.embeddings = &matrix;
    const std::vector<std::function<ochre_status()>> calls = {
        [&] { return ochre_collection_count(collection.get(), &count, nullptr); },
        [&] { return ochre_collection_get(collection.get(), nullptr, &result, nullptr); },
        [&] { return ochre_collection_add(collection.get(), &records, nullptr, nullptr); },
        [&] { return ochre_collection_compact(collection.get(), nullptr); },
        [&] { return ochre_client_count_collections(client.get(), &count, nullptr); },
        [&] { return ochre_client_with_tenant(client.get(), Text("default_tenant"), &other, nullptr); },
        [&] { return ochre_client_interrupt(client.get(), nullptr); },
        [&] { return Open(&other); },
        [&] { return ochre_client_close(client.get(), nullptr); },
    };
    for (size_t i = 0; i < calls.size(); ++i) {
      if (calls[i]() != OCHRE_FAILED_PRECONDITION) return static_cast<int>(i) + 1;
      if (ToString(ochre_last_error_message()).empty()) return 100 + static_cast<int>(i);
    }
    collection.reset();
    client.reset();
    return 0;
  }

  TemporaryDirectory directory_;
};

TEST_F(ForkTest, AChildIsRefusedWhateverItsParentsThreadsWereDoing) {
  ClientHandle client = MustOpen();
  ochre_collection* raw = nullptr;
  ASSERT_EQ(ochre_client_create_collection(client.get(), Text("papers"), nullptr, &raw, error()), OCHRE_OK);
  CollectionHandle papers(raw);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {  // holds the registry's mutex most of the time
    while (!stop) EXPECT_NE(MustOpen(), nullptr);
  });
  threads.emplace_back([&] {  // leaves compactions behind that nobody waits for
    while (!stop) {
      ochre_thread_set_timeout(1);
      (void)ochre_collection_compact(papers.get(), nullptr);
    }
  });
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(StatusOfChild([&] { return UseAndFree(std::move(client), std::move(papers)); }), 0) << "fork " << i;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  int64_t count = -1;
  ASSERT_EQ(ochre_collection_count(papers.get(), &count, error()), OCHRE_OK) << message();
  EXPECT_EQ(count, 0) << "no child wrote";
  EXPECT_EQ(ochre_client_close(client.get(), error()), OCHRE_OK) << message();
}

// Unless a thread of its parent was inside of SQLite at the fork: then one of SQLite's own mutexes stays locked in the
// child for ever, which is all that POSIX promises. So one of several children may hang, but none is answered wrongly.
TEST_F(ForkTest, AChildMayUseADatabaseOfItsOwn) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer ends a child of a process with threads that starts some";
#endif
  const ClientHandle parents = MustOpen();
  const TemporaryDirectory other;
  const auto use = [&] {
    int64_t count = -1;
    for (int opening = 0; opening < 2; ++opening) {
      ochre_client* client = nullptr;
      if (ochre_client_open(Text(other.path().native()), nullptr, &client, nullptr) != OCHRE_OK) return 1;
      const ClientHandle owner(client);
      ochre_client* second = nullptr;
      if (ochre_client_open(Text(other.path().native()), nullptr, &second, nullptr) != OCHRE_OK) return 2;
      const ClientHandle second_owner(second);
      ochre_collection* collection = nullptr;
      if (ochre_client_get_or_create_collection(second, Text("own"), nullptr, &collection, nullptr) != OCHRE_OK)
        return 3;
      const CollectionHandle collection_owner(collection);
      if (ochre_client_count_collections(client, &count, nullptr) != OCHRE_OK || count != 1) return 4;
      if (ochre_client_close(client, nullptr) != OCHRE_OK) return 5;
      if (ochre_client_close(second, nullptr) != OCHRE_OK) return 6;
    }
    return 0;
  };
  int status = SIGALRM;
  for (int tries = 0; status == SIGALRM && tries < 10; ++tries) status = StatusOfChild(use, /*seconds_max=*/3);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ochre
