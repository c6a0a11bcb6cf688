// Kills a writing process again and again; what it acknowledged must be there, and nothing in part.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ochre/ochre.h"
#include "tests/crash/batch_writer.h"
#include "tests/crash/batches.h"
#include "tests/crash/child_process.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

// Garbage is removed in the background; this is far more than it takes, also under a sanitizer.
constexpr std::chrono::seconds kGarbageDeadline{20};

struct KillRun {
  const char* name;
  int kills;
  int writers;
  BatchWriterTask task;
};

void PrintTo(const KillRun& run, std::ostream* stream) { *stream << run.name; }

// What a get of everything returns of one record.
struct Seen {
  std::string id;
  ExpectedRecords::Record record;  // its order is not visible
};

class KillTest : public testing::TestWithParam<KillRun> {
 protected:
  void SetUp() override {
    task_ = GetParam().task;
    task_.directory = directory_.path() / "db";
    expected_.resize(static_cast<size_t>(GetParam().writers));
    task_.first_batches.assign(expected_.size(), 0);
    random_.seed(task_.seed);
  }

  int64_t Draw(int64_t min, int64_t max) {
    return min + static_cast<int64_t>(random_() % static_cast<uint64_t>(max - min + 1));
  }

  // Starts a writer, kills it, and applies what it acknowledged to expected_.
  void WriteAndKill() {
    ChildProcess child(task_.ToArguments());
    // One in five dies while it opens the database, the others some time after their first acknowledgement.
    const bool early = Draw(0, 4) == 0;
    const std::chrono::microseconds delay(early ? Draw(0, 40'000) : Draw(1'000, 60'000));
    if (!early) {
      pollfd first = {.fd = child.pipe(), .events = POLLIN, .revents = 0};
      ASSERT_GE(poll(&first, 1, -1), 0);
    }
    std::this_thread::sleep_for(delay);
    child.Kill();
    const int status = child.Wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer failed, see stderr";
    BatchAcknowledged message;
    while (read(child.pipe(), &message, sizeof(message)) == sizeof(message)) {
      const auto w = static_cast<size_t>(message.writer);
      ASSERT_EQ(message.number, task_.first_batches[w]);
      Advance(w);
    }
  }

  Batch NextBatch(size_t writer) const {
    return MakeBatch(task_.seed, static_cast<int>(writer), task_.first_batches[writer], task_.id_count,
                     task_.records_max);
  }
  void Advance(size_t writer) {
    expected_[writer].Apply(NextBatch(writer));
    ++task_.first_batches[writer];
    ++batches_;
  }

  void Check() {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(task_.directory, {.durability = task_.durability}));
    const auto collection = client->GetCollection(kBatchCollection);
    if (!collection.ok()) {
      ASSERT_EQ(collection.status().code(), StatusCode::kNotFound) << collection.status().ToString();
      ASSERT_EQ(batches_, 0);
      return;
    }
    CheckRecords(*collection);
    if (HasFatalFailure()) return;
    ASSERT_OK(client->Verify(*collection));
    CheckScratch(*client);
    CheckNoGarbage(*client);
  }

  void CheckRecords(const Collection& collection) {
    ASSERT_OK_AND_ASSIGN(const GetResult all,
                         collection.Get({.include = {.documents = true, .metadatas = true, .embeddings = true}}));
    std::vector<std::vector<Seen>> by_writer(expected_.size());
    for (size_t row = 0; row < all.size(); ++row) {
      Seen seen;
      seen.id = all.ids[row];
      const auto embedding = all.embeddings->Row(static_cast<int64_t>(row));
      seen.record.embedding.assign(embedding.begin(), embedding.end());
      if (const auto document = all.documents->Get(row); document.has_value()) seen.record.document = *document;
      seen.record.metadata = (*all.metadatas)[row];
      const auto w = static_cast<size_t>(std::stoi(seen.id.substr(1)));
      ASSERT_LT(w, by_writer.size());
      by_writer[w].push_back(std::move(seen));
    }
    size_t total = 0;
    for (size_t w = 0; w < by_writer.size(); ++w) {
      SCOPED_TRACE("writer " + std::to_string(w) + ", " + std::to_string(task_.first_batches[w]) + " acknowledged");
      std::string difference = DifferenceFrom(expected_[w], by_writer[w]);
      if (!difference.empty()) {
        // The batch under way when the writer died may be there too: whole.
        Advance(w);
        difference += "; with the next batch: " + DifferenceFrom(expected_[w], by_writer[w]);
        ASSERT_TRUE(difference.ends_with(": ")) << difference;
      }
      total += expected_[w].records().size();
    }
    ASSERT_OK_AND_ASSIGN(const int64_t count, collection.Count());
    ASSERT_EQ(count, static_cast<int64_t>(total));
    if (total > 0) CheckQuery(collection, all);
  }

  // Empty if they are the same.
  static std::string DifferenceFrom(const ExpectedRecords& expected, const std::vector<Seen>& seen) {
    const std::vector<std::string> ids = expected.IdsInOrder();
    if (ids.size() != seen.size()) {
      return std::to_string(seen.size()) + " records instead of " + std::to_string(ids.size());
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if (seen[i].id != ids[i]) return "record " + std::to_string(i) + " is " + seen[i].id + ", not " + ids[i];
      ExpectedRecords::Record record = expected.records().at(ids[i]);
      record.order = 0;
      if (seen[i].record != record) return ids[i] + " has other contents";
    }
    return "";
  }

  // A search must see the same records as a get; a filtered get the same as a filter here.
  void CheckQuery(const Collection& collection, const GetResult& all) {
    const std::vector<float> query = {static_cast<float>(Draw(0, 20)), 10.0f, 5.0f, static_cast<float>(Draw(0, 20))};
    std::vector<float> distances;
    size_t third_digit = 0;
    for (size_t row = 0; row < all.size(); ++row) {
      float sum = 0;
      for (size_t d = 0; d < query.size(); ++d) {
        const float difference = all.embeddings->Row(static_cast<int64_t>(row))[d] - query[d];
        sum += difference * difference;
      }
      distances.push_back(sum);
      const MetadataValue value = all.metadatas->Get(row, "k3");
      if (value.get_if<int64_t>() != nullptr && *value.get_if<int64_t>() >= 3) ++third_digit;
    }
    std::sort(distances.begin(), distances.end());
    constexpr int64_t kResults = 10;
    ASSERT_OK_AND_ASSIGN(const QueryResult found, collection.Query({.embeddings = {query, kBatchDimension},
                                                                    .n_results = kResults,
                                                                    .include = {.distances = true},
                                                                    .exact = true}));
    ASSERT_EQ(found.size(), std::min<size_t>(kResults, all.size()));
    for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR((*found.distances)[i], distances[i], 1e-3) << "hit " << i;
    ASSERT_OK_AND_ASSIGN(const GetResult filtered, collection.Get({.where = Key("k3") >= 3, .include = {}}));
    ASSERT_EQ(filtered.size(), third_digit);
  }

  // Its only write may have been acknowledged or not.
  static void CheckScratch(const Client& client) {
    const auto scratch = client.GetCollection(kChurnCollection);
    if (!scratch.ok()) {
      ASSERT_EQ(scratch.status().code(), StatusCode::kNotFound);
      return;
    }
    ASSERT_OK_AND_ASSIGN(const int64_t count, scratch->Count());
    ASSERT_TRUE(count == 0 || count == kChurnRecords) << count;
    ASSERT_OK(client.Verify(*scratch));
  }

  // Segments that a compaction had not registered, or that nothing names any more, go soon after the database opens.
  void CheckNoGarbage(const Client& client) const {
    const auto deadline = std::chrono::steady_clock::now() + kGarbageDeadline;
    int64_t named = 0;
    ASSERT_OK_AND_ASSIGN(const auto collections, client.ListCollections());
    for (const CollectionInfo& info : collections) {
      ASSERT_OK_AND_ASSIGN(const Collection collection, client.GetCollection(info.name));
      ASSERT_OK_AND_ASSIGN(const CollectionStats stats, client.Stats(collection));
      named += stats.segment_count;
    }
    int64_t folders = 0;
    do {
      folders = 0;
      std::error_code error;  // of a folder that is removed meanwhile, or is not there yet
      for (std::filesystem::directory_iterator entry(std::filesystem::path(task_.directory) / "segments", error), end;
           !error && entry != end; entry.increment(error)) {
        ++folders;
      }
      if (folders == named) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (std::chrono::steady_clock::now() < deadline);
    FAIL() << folders << " folders in segments/, but " << named << " segments";
  }

  TemporaryDirectory directory_;
  BatchWriterTask task_;
  std::vector<ExpectedRecords> expected_;  // after the acknowledged batches, per writer
  int64_t batches_ = 0;                    // acknowledged, or found to be there
  std::mt19937_64 random_;
};

TEST_P(KillTest, AcknowledgedBatchesAreThereAndNoneInPart) {
  SCOPED_TRACE("seed " + std::to_string(task_.seed));
  for (int kill = 0; kill < GetParam().kills; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    WriteAndKill();
    if (HasFatalFailure()) return;
    Check();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(batches_, GetParam().kills);

  // Nothing that the kills left behind stands in the way of a full compaction.
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(task_.directory));
  ASSERT_OK_AND_ASSIGN(const Collection collection, client->GetCollection(kBatchCollection));
  ASSERT_OK(client->Compact(collection));
  CheckRecords(collection);
  CheckNoGarbage(*client);
}

// 200 kills: small collections that compact every few milliseconds; many writers; segments large enough for graphs
// (5,000 rows), so that some kills meet the building of one; and every write on disk.
INSTANTIATE_TEST_SUITE_P(
    , KillTest,
    testing::Values(KillRun{.name = "OneWriter",
                            .kills = 70,
                            .writers = 1,
                            .task = {.seed = 101, .id_count = 200, .records_max = 20, .tail_records_max = 40}},
                    KillRun{.name = "FourWritersAndChurn",
                            .kills = 60,
                            .writers = 4,
                            .task = {.durability = Durability::kNormal,
                                     .seed = 102,
                                     .id_count = 150,
                                     .records_max = 30,
                                     .tail_records_max = 100,
                                     .churn = true}},
                    KillRun{.name = "SegmentsWithGraphs",
                            .kills = 40,
                            .writers = 2,
                            .task = {.seed = 103, .id_count = 4'000, .records_max = 600, .tail_records_max = 2'000}},
                    KillRun{.name = "OnDisk",
                            .kills = 30,
                            .writers = 3,
                            .task = {.durability = Durability::kFull,
                                     .seed = 104,
                                     .id_count = 300,
                                     .records_max = 50,
                                     .tail_records_max = 60}}),
    [](const auto& run) { return run.param.name; });

}  // namespace
}  // namespace ochre
