// Many threads on one database: what each of them sees must be something that some order of the calls explains.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 8;
constexpr int64_t kBatchRecords = 12;
// Small, so that background compactions and their merges go on all the time.
constexpr int64_t kTailRecordsMax = 150;
constexpr uint64_t kSeed = 11;

ClientOptions Options() {
  return {.durability = Durability::kNone, .compaction_threads = 2, .tail_records_max = kTailRecordsMax};
}

// Record i of batch `batch` of writer `writer`, all of whose records have `round` in metadata, document and embedding.
std::string IdOf(int writer, int64_t batch, int64_t i) {
  return "w" + std::to_string(writer) + "-b" + std::to_string(batch) + "-" + std::to_string(i);
}

Status UpsertBatch(Collection& collection, int writer, int64_t batch, int64_t round) {
  std::vector<std::string> ids, documents;
  std::vector<Metadata> metadatas;
  for (int64_t i = 0; i < kBatchRecords; ++i) {
    ids.push_back(IdOf(writer, batch, i));
    documents.push_back("round " + std::to_string(round) + " of the batch");
    metadatas.push_back({{"writer", writer}, {"batch", batch}, {"round", round}});
  }
  const std::vector<float> embeddings(static_cast<size_t>(kBatchRecords * kDimension), static_cast<float>(round));
  return collection
      .Upsert({.ids = ids, .embeddings = {embeddings, kDimension}, .documents = documents, .metadatas = metadatas})
      .status();
}

Filter BatchFilter(int writer, int64_t batch) { return Key("writer") == writer && Key("batch") == batch; }

// All of a batch's records or none, and of one round.
void ExpectWholeBatches(const GetResult& result) {
  std::map<std::pair<int64_t, int64_t>, std::vector<int64_t>> rounds;
  for (size_t row = 0; row < result.size(); ++row) {
    const auto number = [&](std::string_view key) { return *result.metadatas->Get(row, key).get_if<int64_t>(); };
    const int64_t round = number("round");
    rounds[{number("writer"), number("batch")}].push_back(round);
    EXPECT_EQ((*result.documents)[row], "round " + std::to_string(round) + " of the batch");
    EXPECT_EQ(result.embeddings->Row(static_cast<int64_t>(row))[0], static_cast<float>(round));
  }
  for (const auto& [batch, seen] : rounds) {
    EXPECT_EQ(seen.size(), static_cast<size_t>(kBatchRecords)) << "batch " << batch.second << " in part";
    for (const int64_t round : seen) EXPECT_EQ(round, seen[0]) << "batch " << batch.second << " of two rounds";
  }
}

// Runs every function in a thread of its own.
void RunAll(const std::vector<std::function<void()>>& functions) {
  std::vector<std::thread> threads;
  for (const auto& function : functions) threads.emplace_back(function);
  for (std::thread& thread : threads) thread.join();
}

constexpr Include kEverything = {.documents = true, .metadatas = true, .embeddings = true};

// Writers that replace, delete and write again batches of their own, and read each write back; readers that see whole
// batches only; full compactions beside the background's.
TEST(ConcurrencyTest, ReadersSeeWholeBatchesAndWritersTheirOwnWrites) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  constexpr int kWriters = 3;
  constexpr int64_t kBatchesPerWriter = 8;
  constexpr int64_t kRounds = 90;
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), Options()));
  ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection("shared"));
  std::atomic<int> writing = kWriters;
  // Batches that writer w has acknowledged and not begun to delete: a lower bound for what anybody sees.
  std::vector<std::atomic<int64_t>> batches_there(kWriters);

  std::vector<std::function<void()>> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.push_back([&, w, own = collection]() mutable {
      std::mt19937_64 random(kSeed + static_cast<uint64_t>(w));
      std::vector<int64_t> round_of(kBatchesPerWriter, -1);  // -1: not there
      for (int64_t round = 0; round < kRounds; ++round) {
        const auto batch = static_cast<int64_t>(random() % kBatchesPerWriter);
        int64_t& known = round_of[static_cast<size_t>(batch)];
        if (known >= 0 && random() % 4 == 0) {
          --batches_there[static_cast<size_t>(w)];
          const auto deleted = own.Delete({.where = BatchFilter(w, batch)});
          EXPECT_OK(deleted);
          if (deleted.ok()) {
            EXPECT_EQ(deleted->deleted, kBatchRecords);
          }
          known = -1;
        } else {
          EXPECT_OK(UpsertBatch(own, w, batch, round));
          if (known < 0) ++batches_there[static_cast<size_t>(w)];
          known = round;
        }
        const auto read = own.Get({.where = BatchFilter(w, batch), .include = kEverything});
        EXPECT_OK(read);
        if (!read.ok()) continue;
        EXPECT_EQ(read->size(), static_cast<size_t>(known < 0 ? 0 : kBatchRecords));
        if (known >= 0 && read->size() > 0) {
          EXPECT_EQ(*read->metadatas->Get(0, "round").get_if<int64_t>(), known);
        }
        ExpectWholeBatches(*read);
      }
      --writing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.push_back([&, reader] {
      std::mt19937_64 random(kSeed + 100 + static_cast<uint64_t>(reader));
      while (writing > 0) {
        const auto writer = static_cast<int>(random() % kWriters);
        const auto all = collection.Get({.include = kEverything});
        EXPECT_OK(all);
        if (all.ok()) ExpectWholeBatches(*all);
        const auto by_text = collection.Get({.where = Key("writer") == writer,
                                             .where_document = Document().Contains("of the batch"),
                                             .include = kEverything});
        EXPECT_OK(by_text);
        if (by_text.ok()) ExpectWholeBatches(*by_text);
        const std::vector<float> query(kDimension, static_cast<float>(random() % kRounds));
        const auto found =
            collection.Query({.embeddings = {query, kDimension}, .n_results = 20, .where = Key("writer") == writer});
        EXPECT_OK(found);
        if (!found.ok()) continue;
        for (size_t i = 0; i < found->size(); ++i) {
          EXPECT_EQ(*found->metadatas->Get(i, "writer").get_if<int64_t>(), writer);
          const auto round = static_cast<float>(*found->metadatas->Get(i, "round").get_if<int64_t>());
          EXPECT_EQ((*found->distances)[i], kDimension * (round - query[0]) * (round - query[0]));
          if (i > 0) {
            EXPECT_LE((*found->distances)[i - 1], (*found->distances)[i]);
          }
        }
      }
    });
  }
  threads.push_back([&] {
    while (writing > 0) {
      EXPECT_OK(client->Compact(collection));
      EXPECT_OK(client->Verify(collection));
      EXPECT_OK(client->Stats(collection));
      const auto count = collection.Count();
      EXPECT_OK(count);
      if (count.ok()) {
        EXPECT_EQ(*count % kBatchRecords, 0);
      }
    }
  });
  RunAll(threads);

  int64_t batches = 0;
  for (const auto& there : batches_there) batches += there;
  ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
  EXPECT_EQ(count, batches * kBatchRecords);
  ASSERT_OK(client->WaitUntilCompacted(collection));
  ASSERT_OK(client->Verify(collection));
}

// Records are only added: a count is never below what was acknowledged before it, nor above what was begun.
TEST(ConcurrencyTest, CountsStayBetweenWhatWasAcknowledgedAndWhatWasBegun) {
  constexpr int kWriters = 3;
  constexpr int64_t kBatches = 80;
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), Options()));
  ASSERT_OK_AND_ASSIGN(const Collection collection, client->CreateCollection("shared"));
  std::atomic<int64_t> begun = 0, acknowledged = 0;
  std::atomic<int> writing = kWriters;
  std::vector<std::function<void()>> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.push_back([&, w, own = collection]() mutable {
      for (int64_t batch = 0; batch < kBatches; ++batch) {
        begun += kBatchRecords;
        EXPECT_OK(UpsertBatch(own, w, batch, /*round=*/0));
        acknowledged += kBatchRecords;
      }
      --writing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.push_back([&] {
      int64_t last = 0;
      while (writing > 0) {
        const int64_t at_least = acknowledged;
        const auto count = collection.Count();
        const int64_t at_most = begun;
        EXPECT_OK(count);
        if (!count.ok()) return;
        EXPECT_GE(*count, at_least);
        EXPECT_LE(*count, at_most);
        EXPECT_GE(*count, last);
        last = *count;
      }
    });
  }
  RunAll(threads);
  ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
  EXPECT_EQ(count, kWriters * kBatches * kBatchRecords);
}

// Collections that are made, filled, compacted and deleted beside each other and beside reads of them, which find them
// or do not.
TEST(ConcurrencyTest, CollectionsComeAndGo) {
  constexpr int kMakers = 3;
  constexpr int kRoundsPerMaker = 12;
  const TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), Options()));
  std::atomic<int> making = kMakers;
  std::vector<std::function<void()>> threads;
  for (int m = 0; m < kMakers; ++m) {
    threads.push_back([&, m] {
      const std::string name = "collection" + std::to_string(m);
      for (int round = 0; round < kRoundsPerMaker; ++round) {
        auto made = client->CreateCollection(name);
        EXPECT_OK(made);
        if (!made.ok()) break;
        for (int64_t batch = 0; batch < 20; ++batch) EXPECT_OK(UpsertBatch(*made, m, batch, round));
        if (round % 2 == 0) {
          EXPECT_OK(client->Compact(*made));
        }
        const auto count = made->Count();
        EXPECT_OK(count);
        if (count.ok()) {
          EXPECT_EQ(*count, 20 * kBatchRecords);
        }
        EXPECT_OK(client->DeleteCollection(name));
        EXPECT_EQ(made->Count().status().code(), StatusCode::kNotFound);
      }
      --making;
    });
  }
  threads.push_back([&] {
    std::mt19937_64 random(kSeed);
    while (making > 0) {
      const auto listed = client->ListCollections();
      EXPECT_OK(listed);
      const auto collection = client->GetCollection("collection" + std::to_string(random() % kMakers));
      const auto read = collection.ok() ? collection->Get({.include = kEverything}) : collection.status();
      if (read.ok()) {
        ExpectWholeBatches(*read);
      } else {
        EXPECT_EQ(read.status().code(), StatusCode::kNotFound) << read.status().ToString();
      }
    }
  });
  // A write to a collection that is being deleted is acknowledged or refused, nothing else.
  threads.push_back([&] {
    std::mt19937_64 random(kSeed + 1);
    while (making > 0) {
      auto collection = client->GetCollection("collection" + std::to_string(random() % kMakers));
      if (!collection.ok()) continue;
      const auto deleted = collection->Delete({.ids = {{"no such id"}}});
      if (!deleted.ok()) {
        EXPECT_EQ(deleted.status().code(), StatusCode::kNotFound) << deleted.status().ToString();
      }
      const Status compacted = client->Compact(*collection);
      if (!compacted.ok()) {
        EXPECT_EQ(compacted.code(), StatusCode::kNotFound) << compacted.ToString();
      }
    }
  });
  RunAll(threads);
  ASSERT_OK_AND_ASSIGN(const int64_t count, client->CountCollections());
  EXPECT_EQ(count, 0);
}

// Close() waits for the calls under way; later ones fail, and what was acknowledged is there after the next open.
TEST(ConcurrencyTest, ClosingBesideCallsLosesNothingThatWasAcknowledged) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  constexpr int kWriters = 2;
  const TemporaryDirectory directory;
  std::mt19937_64 random(kSeed);
  std::vector<int64_t> acknowledged(kWriters, 0);
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(directory.path(), Options()));
    ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetOrCreateCollection("shared"));
    ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
    EXPECT_EQ(count, (acknowledged[0] + acknowledged[1]) * kBatchRecords);
    const auto expect_closed = [](const Status& status) {
      EXPECT_TRUE(status.code() == StatusCode::kFailedPrecondition || status.code() == StatusCode::kCancelled)
          << status.ToString();
    };
    std::vector<std::function<void()>> threads;
    for (int w = 0; w < kWriters; ++w) {
      threads.push_back([&, w, own = collection]() mutable {
        int64_t& mine = acknowledged[static_cast<size_t>(w)];
        while (true) {
          const Status written = UpsertBatch(own, w, mine, round);
          if (!written.ok()) return expect_closed(written);
          ++mine;
        }
      });
    }
    threads.push_back([&] {
      while (true) {
        const auto read = collection.Get({.include = kEverything});
        if (!read.ok()) return expect_closed(read.status());
        ExpectWholeBatches(*read);
      }
    });
    threads.push_back([&] {
      while (true) {
        const Status compacted = round % 2 == 0 ? client->Compact(collection) : client->WaitUntilCompacted(collection);
        if (!compacted.ok()) return expect_closed(compacted);
      }
    });
    const std::chrono::milliseconds delay(random() % 40);
    threads.push_back([&] {
      std::this_thread::sleep_for(delay);
      EXPECT_OK(client->Close());
    });
    RunAll(threads);
    EXPECT_OK(client->Close());
  }
}

}  // namespace
}  // namespace ochre
