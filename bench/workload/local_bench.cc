// The local mode through the public API, each figure beside what it is measured against, in one run.
// Usage: local_bench [directory]   (default: a new one below /tmp; its disk is what is measured)
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/measure.h"
#include "bench/support/page_cache.h"
#include "examples/dictionary_search/wordnet.h"
#include "ochre/ochre.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

double Percentile(std::vector<double> samples, double part) {
  std::sort(samples.begin(), samples.end());
  return samples[std::min(samples.size() - 1, static_cast<size_t>(part * static_cast<double>(samples.size())))];
}
double Median(const std::vector<double>& samples) { return Percentile(samples, 0.5); }

void Line(const char* what, double ours, const char* unit, const char* other, double other_value, double ratio,
          const char* floor) {
  std::printf("%-46s %12.1f %-9s %-34s %12.1f  ratio %6.2f  (floor: %s)\n", what, ours, unit, other, other_value, ratio,
              floor);
  std::fflush(stdout);
}
void Line(const char* what, double ours, const char* unit, const char* floor) {
  std::printf("%-46s %12.1f %-9s (floor: %s)\n", what, ours, unit, floor);
  std::fflush(stdout);
}

std::vector<float> RandomRows(size_t rows, size_t dimension, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dimension);
  for (float& value : values) value = normal(random);
  return values;
}

// ---- Durable adds.

class BareSqlite {
 public:
  explicit BareSqlite(const fs::path& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) Fail(Status::Internal("cannot open ", path.string()));
    sqlite3_exec(database_, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(v BLOB)", nullptr,
                 nullptr, nullptr);
    sqlite3_prepare_v2(database_, "INSERT INTO t VALUES(?1)", -1, &insert_, nullptr);
  }
  ~BareSqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  void Commit(const std::string& blob) {
    sqlite3_bind_blob(insert_, 1, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Fail(Status::Internal("bare SQLite cannot insert"));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

constexpr size_t kDimension = 768;
const std::string kDocument(200, 'd');  // 200 bytes of text

void AddRecords(Collection& collection, const std::string& prefix, size_t count, const std::vector<float>& rows) {
  std::vector<std::string> ids, documents(count, kDocument);
  for (size_t i = 0; i < count; ++i) ids.push_back(prefix + std::to_string(i));
  const std::vector<Metadata> metadatas(count, {{"year", 2020}, {"lang", "en"}});
  Check(collection
            .Add({.ids = ids,
                  .embeddings = {std::span(rows).first(count * kDimension), kDimension},
                  .documents = documents,
                  .metadatas = metadatas})
            .status());
}

double WritersPerSecond(Collection& collection, int writers, int adds_each, const std::vector<float>& rows) {
  static std::atomic<int> run = 0;
  const int number = run++;
  const double elapsed = Microseconds([&] {
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back([&, w] {
        for (int i = 0; i < adds_each; ++i) {
          AddRecords(collection, "w" + std::to_string(number) + "-" + std::to_string(w) + "-" + std::to_string(i) + "-",
                     1, rows);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  return writers * adds_each / (elapsed / 1e6);
}

void DurableAdds(const fs::path& directory) {
  // No compaction takes part: what is measured is the way to the acknowledgement.
  ClientOptions options;
  options.tail_records_max = 1'000'000'000;
  options.tail_bytes_max = int64_t{1} << 40;
  options.aged_tail_records_min = 1'000'000'000;
  const auto client = Value(Client::Open(directory / "adds", options));
  Collection collection = Value(client->CreateCollection("adds"));
  BareSqlite bare(directory / "bare.sqlite3");
  const std::vector<float> rows = RandomRows(100, kDimension, 1);
  const std::string blob(kDimension * sizeof(float) + kDocument.size() + 60, 'b');  // 60: id, metadata and framing

  std::vector<double> ours, theirs;
  for (int i = 0; i < 3'000; ++i) {
    ours.push_back(Microseconds([&] { AddRecords(collection, "a" + std::to_string(i) + "-", 1, rows); }));
    theirs.push_back(Microseconds([&] { bare.Commit(blob); }));
  }
  Line("durable add of 1 (768-d, document), p50", Median(ours), "us", "bare SQLite FULL commit, p50", Median(theirs),
       Median(ours) / Median(theirs), "<= 1.5");

  std::vector<double> ones, sixteens;
  for (int repeat = 0; repeat < 5; ++repeat) {
    ones.push_back(WritersPerSecond(collection, 1, 1'500, rows));
    sixteens.push_back(WritersPerSecond(collection, 16, 400, rows));
  }
  Line("16 writers, acknowledged adds/s", Median(sixteens), "/s", "1 writer", Median(ones),
       Median(sixteens) / Median(ones), ">= 3");

  std::vector<double> hundreds;
  for (int i = 0; i < 1'000; ++i) {
    hundreds.push_back(Microseconds([&] { AddRecords(collection, "h" + std::to_string(i) + "-", 100, rows); }));
  }
  Line("batches of 100, p99", Percentile(hundreds, 0.99), "us", "their p50", Median(hundreds),
       Percentile(hundreds, 0.99) / Median(hundreds), "<= 10");
  Check(client->Close());
}

// ---- Real documents: 117,659 glosses, 100 dimensions.

constexpr size_t kGlossDimension = 100;

// Floor of the bulk load, and what the searches below work on.
void BulkLoad(const fs::path& path, const std::vector<Synset>& synsets, const std::vector<float>& rows) {
  constexpr size_t kBatch = 1'000;
  const auto client = Value(Client::Open(path));
  Collection collection = Value(client->CreateCollection("glosses", {.space = Space::kCosine}));
  const double adding = Microseconds([&] {
    for (size_t begin = 0; begin < synsets.size(); begin += kBatch) {
      const size_t end = std::min(begin + kBatch, synsets.size());
      std::vector<std::string> ids, documents;
      std::vector<Metadata> metadatas;
      for (size_t i = begin; i < end; ++i) {
        ids.push_back(synsets[i].id);
        documents.push_back(synsets[i].gloss);
        metadatas.push_back({{"pos", synsets[i].part_of_speech},
                             {"lexfile", synsets[i].lexicographer_file},
                             {"bucket", static_cast<int64_t>(i % 100)},
                             {"lemma_count", synsets[i].tag_count}});
      }
      Check(collection
                .Add({.ids = ids,
                      .embeddings = {std::span(rows).subspan(begin * kGlossDimension, (end - begin) * kGlossDimension),
                                     kGlossDimension},
                      .documents = documents,
                      .metadatas = metadatas})
                .status());
    }
  });
  Line("bulk load, batches of 1,000, acknowledged", static_cast<double>(synsets.size()) / (adding / 1e6), "records/s",
       ">= 20,000");
  const double compacting = Microseconds([&] { Check(client->Compact(collection)); });
  Line("  then compacted fully in", compacting / 1e6, "s", "none");
  Check(client->Close());
}

void ColdOpen(const fs::path& path, const std::vector<float>& rows) {
  std::vector<double> samples;
  for (int i = 0; i < 7; ++i) {
    EvictFromCache(path);
    std::unique_ptr<Client> client;
    samples.push_back(Microseconds([&] {
      client = Value(Client::Open(path));
      const Collection collection = Value(client->GetCollection("glosses"));
      Value(collection.Query({.embeddings = {std::span(rows).first(kGlossDimension), kGlossDimension}}));
    }));
    Check(client->Close());
  }
  Line("reopen and first answer, cold cache, median of 7", Median(samples) / 1e3, "ms", "<= 300");
}

// A word that occurs in about one in a hundred documents.
std::string WordInOnePercent(const std::vector<Synset>& synsets) {
  std::map<std::string, size_t> documents_with;
  for (const Synset& synset : synsets) {
    std::string word;
    std::vector<std::string> words;
    for (const char c : synset.gloss + " ") {
      if (c >= 'a' && c <= 'z') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    for (const std::string& w : words) {
      if (w.size() >= 5) ++documents_with[w];
    }
  }
  std::string best;
  size_t best_gap = synsets.size();
  for (const auto& [candidate, count] : documents_with) {
    const size_t gap = count > synsets.size() / 100 ? count - synsets.size() / 100 : synsets.size() / 100 - count;
    if (gap < best_gap) {
      best_gap = gap;
      best = candidate;
    }
  }
  return best;
}

void Reads(const fs::path& path, const std::vector<Synset>& synsets) {
  const auto client = Value(Client::Open(path));
  const Collection collection = Value(client->GetCollection("glosses"));
  std::mt19937_64 random(7);

  std::vector<double> by_id;
  for (int i = 0; i < 5'000; ++i) {
    const std::vector<std::string> id = {synsets[random() % synsets.size()].id};
    by_id.push_back(Microseconds([&] { Value(collection.Get({.ids = id})); }));
  }
  Line("get by id, document and metadata, median", Median(by_id), "us", "<= 20");

  // The naive side holds what an application would: the records in memory, scanned for the value.
  std::vector<Metadata> metadatas;
  for (size_t i = 0; i < synsets.size(); ++i) {
    metadatas.push_back({{"pos", synsets[i].part_of_speech},
                         {"lexfile", synsets[i].lexicographer_file},
                         {"bucket", static_cast<int64_t>(i % 100)},
                         {"lemma_count", synsets[i].tag_count}});
  }
  std::vector<double> indexed, indexed_ids, scanned;
  for (int i = 0; i < 50; ++i) {
    const int64_t bucket = static_cast<int64_t>(random() % 100);
    indexed.push_back(Microseconds([&] { Value(collection.Get({.where = Key("bucket") == bucket})); }));
    indexed_ids.push_back(
        Microseconds([&] { Value(collection.Get({.where = Key("bucket") == bucket, .include = {}})); }));
    scanned.push_back(Microseconds([&] {
      std::vector<size_t> found;
      const MetadataValue wanted(bucket);
      for (size_t r = 0; r < metadatas.size(); ++r) {
        const auto value = metadatas[r].find("bucket");
        if (value != metadatas[r].end() && value->second == wanted) found.push_back(r);
      }
      if (found.empty()) Fail(Status::Internal("the scan found nothing"));
    }));
  }
  Line("get by a metadata value of 1%, with columns", Median(indexed), "us", "scan of the maps in memory",
       Median(scanned), Median(scanned) / Median(indexed), ">= 20");
  Line("get by a metadata value of 1%, ids only", Median(indexed_ids), "us", "scan of the maps in memory",
       Median(scanned), Median(scanned) / Median(indexed_ids), ">= 20");

  // The naive scan over the records as they are stored: every record is fetched and tested.
  std::vector<double> fetched;
  for (int i = 0; i < 7; ++i) {
    fetched.push_back(Microseconds([&] {
      const GetResult all = Value(collection.Get({.include = {.documents = true, .metadatas = true}}));
      size_t found = 0;
      for (size_t r = 0; r < all.size(); ++r) found += all.metadatas->Get(r, "bucket") == MetadataValue(7) ? 1 : 0;
      if (found == 0) Fail(Status::Internal("the scan found nothing"));
    }));
  }
  Line("get by a metadata value of 1%, with columns", Median(indexed), "us", "fetch and test every record",
       Median(fetched), Median(fetched) / Median(indexed), ">= 20");

  const std::string word = WordInOnePercent(synsets);
  std::vector<double> contains, searched;
  size_t hits = 0, naive_hits = 0;
  for (int i = 0; i < 50; ++i) {
    contains.push_back(Microseconds(
        [&] { hits = Value(collection.Get({.where_document = Document().Contains(word), .include = {}})).size(); }));
    searched.push_back(Microseconds([&] {
      naive_hits = 0;
      for (const Synset& synset : synsets) {
        naive_hits += memmem(synset.gloss.data(), synset.gloss.size(), word.data(), word.size()) != nullptr ? 1 : 0;
      }
    }));
  }
  if (hits != naive_hits) Fail(Status::Internal("$contains found ", hits, ", memmem ", naive_hits));
  std::printf("  (\"%s\" is in %zu of %zu documents)\n", word.c_str(), hits, synsets.size());
  Line("$contains of that word", Median(contains), "us", "memmem over all documents", Median(searched),
       Median(searched) / Median(contains), ">= 10");
  Check(client->Close());
}

// ---- Small things.

void InMemoryClient() {
  const std::vector<float> rows = RandomRows(10, 32, 3);
  std::vector<double> samples;
  for (int i = 0; i < 100; ++i) {
    samples.push_back(Microseconds([&] {
      const auto client = Value(Client::InMemory());
      Collection collection = Value(client->CreateCollection("test"));
      std::vector<std::string> ids;
      for (int r = 0; r < 10; ++r) ids.push_back("id" + std::to_string(r));
      Check(collection.Add({.ids = ids, .embeddings = {rows, 32}}).status());
      Value(collection.Query({.embeddings = {std::span(rows).first(32), 32}}));
    }));
  }
  Line("in memory: open, create, add 10, query (closed)", Median(samples) / 1e3, "ms", "<= 2");
}

// Opens in a process of its own, whose memory is this database's alone.
void ManyCollections(const fs::path& path) {
  if (!fs::exists(path)) {
    ClientOptions options;
    options.durability = Durability::kNone;  // only how it is written
    const auto client = Value(Client::Open(path, options));
    const std::vector<float> rows = RandomRows(10, 32, 4);
    for (int c = 0; c < 10'000; ++c) {
      Collection collection = Value(client->CreateCollection("collection-" + std::to_string(c)));
      std::vector<std::string> ids;
      for (int r = 0; r < 10; ++r) ids.push_back("id" + std::to_string(r));
      Check(collection.Add({.ids = ids, .embeddings = {rows, 32}}).status());
    }
    Check(client->Close());
  }
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "local_bench", "--open", path.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
}

void OpenMany(const fs::path& path) {
  std::vector<double> samples;
  for (int i = 0; i < 7; ++i) {
    std::unique_ptr<Client> client;
    samples.push_back(Microseconds([&] { client = Value(Client::Open(path)); }));
    if (i == 6) {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // what runs in the background at open is over
      Line("open 10,000 small collections, median of 7", Median(samples) / 1e3, "ms", "<= 50");
      const ResidentMemory memory = MeasureResidentMemory();
      Line("  resident after that", static_cast<double>(memory.private_bytes + memory.mapped_bytes) / 1e6, "MB",
           "<= 60");
    }
    Check(client->Close());
  }
}

int Main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--open") {
    OpenMany(argv[2]);
    return 0;
  }
  std::string pattern = "/tmp/ochre-bench-XXXXXX";
  const fs::path directory = argc > 1 ? fs::path(argv[1]) : fs::path(mkdtemp(pattern.data()));
  fs::create_directories(directory);
  std::printf("%u cores; medians; database below %s\n", std::thread::hardware_concurrency(), directory.c_str());

  InMemoryClient();
  DurableAdds(directory);
  const std::vector<Synset> synsets = Value(ReadWordNet());
  const std::vector<float> rows = RandomRows(synsets.size(), kGlossDimension, 5);
  BulkLoad(directory / "glosses", synsets, rows);
  ColdOpen(directory / "glosses", rows);
  Reads(directory / "glosses", synsets);
  ManyCollections(directory / "many");
  if (argc == 1) fs::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) { return ochre::Main(argc, argv); }
