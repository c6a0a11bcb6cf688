// Eight threads that make every call of the API at once, while collections come and go and the client is closed under
// them. For ThreadSanitizer above all; what can be told of the answers is checked too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

constexpr int kThreads = 8;
constexpr int32_t kDimension = 8;
constexpr int kVolatileCollections = 3;
constexpr int64_t kIdsPerThread = 40;
// The collection that nobody drops: what is in it at the end is known.
constexpr std::string_view kLasting = "lasting";

// OCHRE_FAULTS=long (scripts/test.sh --tsan --faults) goes on for ten minutes.
std::chrono::milliseconds HowLong() {
  const char* form = std::getenv("OCHRE_FAULTS");
  return form != nullptr && std::string_view(form) == "long" ? std::chrono::minutes(10) : std::chrono::seconds(3);
}

// OCHRE_SEED repeats a run, as far as the scheduler does.
uint64_t Seed() {
  const char* seed = std::getenv("OCHRE_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 12;
}

ClientOptions Options() {
  // Small, so that compactions and merges go on all the time.
  return {.durability = Durability::kNone, .compaction_threads = 2, .tail_records_max = 120};
}

std::string VolatileName(uint64_t number) { return "volatile" + std::to_string(number % kVolatileCollections); }

// Which outcomes a call may have besides success: of one in a collection that another thread may have dropped, or in a
// client that it may have closed.
bool IsOneOf(StatusCode code, std::initializer_list<StatusCode> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// One thread's part: calls of all kinds in an order that its seed says, and what it knows about its own records.
class Caller {
 public:
  Caller(int number, uint64_t seed) : number_(number), random_(seed) {}

  // Until `end`, or until the client is closed.
  void Run(Client& client, std::chrono::steady_clock::time_point end) {
    closed_ = false;
    while (!closed_ && std::chrono::steady_clock::now() < end) CallOnce(client);
  }

  // After a reopen: each record of this thread is there as it was acknowledged last.
  void ExpectOwnRecords(const Collection& lasting) const {
    const auto read = lasting.Get({.where = Key("thread") == number_});
    ASSERT_OK(read);
    std::map<std::string, int64_t, std::less<>> found;
    for (size_t i = 0; i < read->size(); ++i) {
      found[std::string(read->ids[i])] = *read->metadatas->Get(i, "value").get_if<int64_t>();
    }
    for (const auto& [id, values] : own_) {
      const auto there = found.find(id);
      const int64_t value = there == found.end() ? kAbsent : there->second;
      EXPECT_TRUE(std::find(values.begin(), values.end(), value) != values.end())
          << id << " is " << value << ", written last was " << values.back();
    }
    for (const auto& [id, value] : found) EXPECT_TRUE(own_.contains(id)) << id << " was never written";
  }

  // A client was closed: which of two outcomes a write had that was not acknowledged is settled by reading once.
  void Settle(const Collection& lasting) {
    for (auto& [id, values] : own_) {
      if (values.size() < 2) continue;
      const auto read = lasting.Get({.ids = {{id}}});
      ASSERT_OK(read);
      values = {read->size() == 0 ? kAbsent : *read->metadatas->Get(0, "value").get_if<int64_t>()};
    }
  }

  int64_t calls() const { return calls_; }

 private:
  static constexpr int64_t kAbsent = -1;

  uint64_t Random(uint64_t bound) { return random_() % bound; }

  // Notes that the client is closed; anything else that is not allowed is a failure.
  bool Expect(const Status& status, const char* call, std::initializer_list<StatusCode> allowed = {}) {
    if (status.ok() || IsOneOf(status.code(), allowed)) return status.ok();
    if (IsOneOf(status.code(), {StatusCode::kFailedPrecondition, StatusCode::kCancelled})) {
      closed_ = true;
      return false;
    }
    ADD_FAILURE() << call << ": " << status.ToString();
    return false;
  }

  // A batch of this thread's ids, each once, whose document, metadata and embedding all say `value`.
  struct Batch {
    std::vector<std::string> ids, documents;
    std::vector<Metadata> metadatas;
    std::vector<float> embeddings;
    Records records() const {
      return {.ids = ids, .embeddings = {embeddings, kDimension}, .documents = documents, .metadatas = metadatas};
    }
  };
  Batch MakeBatch(int64_t value) {
    Batch batch;
    const uint64_t first = Random(kIdsPerThread), count = 1 + Random(12);
    for (uint64_t i = 0; i < count; ++i) {
      batch.ids.push_back("t" + std::to_string(number_) + "-" + std::to_string((first + i) % kIdsPerThread));
      batch.documents.push_back("value " + std::to_string(value) + " of a thread");
      batch.metadatas.push_back({{"thread", number_}, {"value", value}});
    }
    batch.embeddings.assign(count * kDimension, static_cast<float>(value));
    return batch;
  }

  static void ExpectWhole(const RecordColumns& records) {
    for (size_t i = 0; i < records.size(); ++i) {
      const MetadataValue stored = records.metadatas->Get(i, "value");
      const auto* value = stored.get_if<int64_t>();
      ASSERT_NE(value, nullptr) << records.ids[i];
      EXPECT_EQ((*records.documents)[i], "value " + std::to_string(*value) + " of a thread");
      if (!records.embeddings.has_value()) continue;
      EXPECT_EQ(records.embeddings->Row(static_cast<int64_t>(i))[0], static_cast<float>(*value));
    }
  }

  void WriteLasting(Collection& collection) {
    const int64_t value = next_value_++;
    const Batch batch = MakeBatch(value);
    const uint64_t kind = Random(4);
    // What each record may be from now on: what it was, until the write is acknowledged.
    std::vector<std::pair<std::vector<int64_t>*, int64_t>> changed;
    for (const std::string& id : batch.ids) {
      std::vector<int64_t>& values = own_.try_emplace(id, 1, kAbsent).first->second;
      const bool is_there = values.back() != kAbsent;
      const bool changes = kind == 0 ? !is_there : kind == 1 ? is_there : true;  // add, update; upsert, delete
      if (!changes) continue;
      changed.emplace_back(&values, kind == 3 ? kAbsent : value);
    }
    for (const auto& [values, to] : changed) values->push_back(to);
    Status status;
    if (kind == 0) status = collection.Add(batch.records()).status();
    if (kind == 1) status = collection.Update(batch.records()).status();
    if (kind == 2) status = collection.Upsert(batch.records()).status();
    if (kind == 3) status = collection.Delete({.ids = batch.ids}).status();
    if (!Expect(status, "a write")) return;
    for (const auto& [values, to] : changed) *values = {to};
    const auto read = collection.Get({.ids = batch.ids});
    if (!Expect(read.status(), "reading back")) return;
    ExpectWhole(*read);
    std::map<std::string, int64_t, std::less<>> expected;
    for (const std::string& id : batch.ids) {
      if (own_.at(id).back() != kAbsent) expected[id] = own_.at(id).back();
    }
    EXPECT_EQ(read->size(), expected.size());
    for (size_t i = 0; i < read->size(); ++i) {
      EXPECT_EQ(*read->metadatas->Get(i, "value").get_if<int64_t>(), expected[std::string(read->ids[i])]);
    }
  }

  void Read(const Collection& collection) {
    constexpr auto kGone = StatusCode::kNotFound;
    const Include everything = {.documents = true, .metadatas = true, .embeddings = true, .uris = true};
    switch (Random(6)) {
      case 0: {
        const auto read =
            collection.Get({.where = Key("thread") == static_cast<int64_t>(Random(kThreads)), .include = everything});
        if (Expect(read.status(), "get", {kGone})) ExpectWhole(*read);
        break;
      }
      case 1: {
        const auto read = collection.Get({.where = Key("value") >= static_cast<int64_t>(Random(100)),
                                          .where_document = Document().Contains("of a thread"),
                                          .limit = 20,
                                          .include = everything});
        if (Expect(read.status(), "filtered get", {kGone})) ExpectWhole(*read);
        break;
      }
      case 2: {
        const auto read = collection.Peek(5);
        if (Expect(read.status(), "peek", {kGone})) ExpectWhole(*read);
        break;
      }
      case 3:
        (void)Expect(collection.Count().status(), "count", {kGone});
        break;
      case 4:
        (void)Expect(collection.Info().status(), "info", {kGone});
        break;
      default: {
        const std::vector<float> queries(2 * kDimension, static_cast<float>(Random(200)));
        QueryRequest request = {.embeddings = {queries, kDimension}, .n_results = 5};
        request.include.distances = true;
        request.exact = Random(3) == 0;
        request.num_threads = Random(2) == 0 ? 2 : 1;
        if (Random(3) == 0) request.where = Key("thread") != number_;
        const auto found = collection.Query(request);
        if (!Expect(found.status(), "query", {kGone})) break;
        ExpectWhole(*found);
        for (int64_t q = 0; q < found->query_count(); ++q) {
          for (int64_t i = 1; i < found->HitCount(q); ++i) {
            const auto row = static_cast<size_t>(found->Row(q, i));
            EXPECT_LE((*found->distances)[row - 1], (*found->distances)[row]);
          }
        }
      }
    }
  }

  void ChangeCatalogue(Client& client) {
    const std::string name = VolatileName(random_());
    switch (Random(7)) {
      case 0: {
        const CollectionOptions options = {.space = static_cast<Space>(Random(3)),
                                           .quantization = static_cast<Quantization>(Random(3))};
        (void)Expect(client.CreateCollection(name, options).status(), "create", {StatusCode::kAlreadyExists});
        break;
      }
      case 1:
        (void)Expect(client.DeleteCollection(name), "drop", {StatusCode::kNotFound});
        break;
      case 2: {
        auto collection = client.GetOrCreateCollection(name);
        if (!Expect(collection.status(), "get or create")) break;
        const std::string other = VolatileName(random_());
        (void)Expect(collection->Modify({.name = other}), "rename",
                     {StatusCode::kNotFound, StatusCode::kAlreadyExists});
        break;
      }
      case 3: {
        auto collection = client.GetCollection(name);
        if (!Expect(collection.status(), "get collection", {StatusCode::kNotFound})) break;
        (void)Expect(collection->Modify({.metadata = Metadata{{"by", number_}}, .ef_search = 50}), "modify",
                     {StatusCode::kNotFound});
        break;
      }
      case 4: {
        const auto listed = client.ListCollections();
        if (!Expect(listed.status(), "list")) break;
        EXPECT_TRUE(std::any_of(listed->begin(), listed->end(), [](const auto& c) { return c.name == kLasting; }));
        (void)Expect(client.CountCollections().status(), "count collections");
        break;
      }
      case 5: {
        const std::string database = "database" + std::to_string(Random(2));
        (void)Expect(client.CreateDatabase(database), "create database", {StatusCode::kAlreadyExists});
        (void)Expect(client.ListDatabases().status(), "list databases");
        (void)Expect(client.GetDatabase(database).status(), "get database", {StatusCode::kNotFound});
        (void)Expect(client.DeleteDatabase(database), "delete database", {StatusCode::kNotFound});
        break;
      }
      default: {
        const std::string tenant = "tenant" + std::to_string(Random(2));
        (void)Expect(client.CreateTenant(tenant), "create tenant", {StatusCode::kAlreadyExists});
        (void)Expect(client.GetTenant(tenant).status(), "get tenant", {StatusCode::kNotFound});
        (void)Expect(client.WithDatabase("default_tenant", "default_database").status(), "with database");
      }
    }
  }

  void UseVolatile(Client& client) {
    auto collection = client.GetCollection(VolatileName(random_()));
    if (!Expect(collection.status(), "get collection", {StatusCode::kNotFound})) return;
    if (Random(2) == 0) {
      const Batch batch = MakeBatch(next_value_++);
      (void)Expect(collection->Upsert(batch.records()).status(), "upsert", {StatusCode::kNotFound});
    } else if (Random(3) == 0) {
      (void)Expect(collection->Delete({.where = Key("thread") == static_cast<int64_t>(Random(kThreads))}).status(),
                   "delete", {StatusCode::kNotFound});
    } else {
      Read(*collection);
    }
    if (Random(20) == 0) (void)Expect(client.Compact(*collection), "compact", {StatusCode::kNotFound});
  }

  void CallOnce(Client& client) {
    ++calls_;
    auto lasting = client.GetCollection(kLasting);
    if (!Expect(lasting.status(), "the lasting collection")) return;
    switch (Random(10)) {
      case 0:
      case 1:
      case 2:
        return WriteLasting(*lasting);
      case 3:
      case 4:
        return Read(*lasting);
      case 5:
        return ChangeCatalogue(client);
      case 6:
      case 7:
        return UseVolatile(client);
      case 8:
        (void)Expect(client.Stats(*lasting).status(), "stats");
        return;
      default:
        if (Random(4) == 0) {
          (void)Expect(client.Compact(*lasting), "compact");
        } else if (Random(3) == 0) {
          (void)Expect(client.Verify(*lasting), "verify");
        }
    }
  }

  const int64_t number_;
  std::mt19937_64 random_;
  bool closed_ = false;
  int64_t calls_ = 0;
  int64_t next_value_ = 0;
  // Of each of this thread's ids in the lasting collection what its value may be: the last one acknowledged, and behind
  // it those of writes that failed since.
  std::map<std::string, std::vector<int64_t>, std::less<>> own_;
};

TEST(StressTest, EveryCallAtOnceAndCloseUnderThem) {
  const uint64_t seed = Seed();
  std::cout << "seed " << seed << "; OCHRE_SEED=" << seed << " repeats it\n";
  const auto end = std::chrono::steady_clock::now() + HowLong();
  const TemporaryDirectory directory;
  std::mt19937_64 random(seed);
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < kThreads; ++i) {
    callers.push_back(std::make_unique<Caller>(i, seed * kThreads + static_cast<uint64_t>(i)));
  }
  for (int round = 0; std::chrono::steady_clock::now() < end && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), Options()));
    ASSERT_OK_AND_ASSIGN(const Collection lasting, client->GetOrCreateCollection(kLasting));
    const std::chrono::milliseconds length(100 + random() % 900);
    std::vector<std::thread> threads;
    for (const auto& caller : callers) threads.emplace_back([&] { caller->Run(*client, end); });
    std::this_thread::sleep_for(length);
    EXPECT_OK(client->Close());
    for (std::thread& thread : threads) thread.join();

    ASSERT_OK_AND_ASSIGN(const auto reopened, Client::Open(directory.path(), Options()));
    ASSERT_OK_AND_ASSIGN(const Collection again, reopened->GetCollection(kLasting));
    ASSERT_OK(reopened->Verify(again));
    for (const auto& caller : callers) caller->ExpectOwnRecords(again);
    for (const auto& caller : callers) caller->Settle(again);
  }
  int64_t calls = 0;
  for (const auto& caller : callers) calls += caller->calls();
  std::cout << calls << " calls\n";
}

}  // namespace
}  // namespace ochre
