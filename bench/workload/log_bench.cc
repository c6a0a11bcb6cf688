// What the Log costs: one durable append against a bare SQLite commit of the same bytes, many writers, large batches,
// opening in memory. Usage: log_bench [directory]; the directory's disk is what is measured.
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "log/log.h"
#include "sysdb/system_database.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kRecordBytes = 3 * 1024 + 100;  // 768 float32, an id and a little metadata
constexpr CollectionId kCollection = {.bytes = {1}};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "log_bench: %s\n", what.c_str());
  std::exit(1);
}

std::shared_ptr<const std::string> Batch(size_t records) {
  std::string bytes(records * kRecordBytes, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 >> 3);
  return std::make_shared<const std::string>(std::move(bytes));
}

std::unique_ptr<Log> OpenLog(const fs::path& directory) {
  fs::create_directories(directory);
  auto log = Log::Open(directory, Durability::kFull);
  if (!log.ok()) Fail(log.status().ToString());
  return *std::move(log);
}

void Append(Log& log, CollectionId collection, const std::shared_ptr<const std::string>& batch, int64_t count) {
  const auto position = log.Append(collection, batch, count);
  if (!position.ok()) Fail(position.status().ToString());
}

// One connection that commits blobs with SQLite's defaults, but for the write-ahead log and synchronous=FULL.
class BareSqlite {
 public:
  explicit BareSqlite(const fs::path& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) Fail(sqlite3_errmsg(database_));
    Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB)");
    sqlite3_prepare_v2(database_, "INSERT INTO t(v) VALUES(?1)", -1, &insert_, nullptr);
  }
  ~BareSqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  void Insert(const std::string& bytes) {
    sqlite3_bind_blob(insert_, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Fail(sqlite3_errmsg(database_));
    sqlite3_reset(insert_);
  }
  void Execute(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sqlite3_errmsg(database_));
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

class Latencies {
 public:
  template <typename Function>
  void Measure(Function function) {
    const Clock::time_point start = Clock::now();
    function();
    microseconds_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  double Percentile(double fraction) {
    std::sort(microseconds_.begin(), microseconds_.end());
    return microseconds_[static_cast<size_t>(fraction * static_cast<double>(microseconds_.size() - 1))];
  }

 private:
  std::vector<double> microseconds_;
};

// Both sides alternate, so that a busy disk slows both; both start with write-ahead logs that have been written once,
// and neither deletes anything.
void CompareSingleAppends(const fs::path& directory) {
  constexpr int kWarmUp = 6'000;  // until both write-ahead logs have been begun anew
  constexpr int kAppends = 10'000;
  auto log = OpenLog(directory / "single");
  BareSqlite bare(directory / "single" / "bare.sqlite3");
  const auto batch = Batch(1);
  Latencies ours, theirs;
  for (int i = 0; i < kWarmUp; ++i) {
    Append(*log, kCollection, batch, 1);
    bare.Insert(*batch);
  }
  for (int i = 0; i < kAppends; ++i) {
    theirs.Measure([&] { bare.Insert(*batch); });
    ours.Measure([&] { Append(*log, kCollection, batch, 1); });
  }
  std::printf("one durable append of %zu bytes         p50 us    p99 us\n", kRecordBytes);
  std::printf("  Log::Append                         %9.1f %9.1f\n", ours.Percentile(0.5), ours.Percentile(0.99));
  std::printf("  bare SQLite INSERT, FULL            %9.1f %9.1f\n", theirs.Percentile(0.5), theirs.Percentile(0.99));
  std::printf("  ratio                               %9.2f %9.2f\n\n", ours.Percentile(0.5) / theirs.Percentile(0.5),
              ours.Percentile(0.99) / theirs.Percentile(0.99));
}

double AppendsPerSecond(Log& log, int writers, std::chrono::milliseconds duration) {
  const auto batch = Batch(1);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> appends{0};
  std::vector<std::thread> threads;
  const Clock::time_point start = Clock::now();
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      const CollectionId collection = {.bytes = {2, static_cast<uint8_t>(writer)}};
      for (; !stop; ++appends) Append(log, collection, batch, 1);
    });
  }
  std::this_thread::sleep_for(duration);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(appends) / std::chrono::duration<double>(Clock::now() - start).count();
}

void CompareWriters(const fs::path& directory) {
  constexpr int kWriters[] = {1, 4, 16};
  constexpr int kRounds = 5;
  auto log = OpenLog(directory / "writers");
  (void)AppendsPerSecond(*log, 16, std::chrono::milliseconds(1000));
  std::vector<double> rates[std::size(kWriters)];
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < std::size(kWriters); ++i) {
      rates[i].push_back(AppendsPerSecond(*log, kWriters[i], std::chrono::milliseconds(800)));
    }
  }
  std::printf("writers   appends/s (median of %d)   x one writer\n", kRounds);
  for (auto& rate : rates) std::nth_element(rate.begin(), rate.begin() + kRounds / 2, rate.end());
  for (size_t i = 0; i < std::size(kWriters); ++i) {
    std::printf("%7d   %24.0f   %12.2f\n", kWriters[i], rates[i][kRounds / 2],
                rates[i][kRounds / 2] / rates[0][kRounds / 2]);
  }
  std::printf("\n");
}

// Purges as a compaction would, so that the file stays bounded; the load has no pause for a checkpoint to catch up in.
void MeasureLargeBatches(const fs::path& directory) {
  constexpr int kRecords = 100;
  constexpr int kAppends = 3'000;  // 950 MB: some 200 checkpoints, and over 10 that hold writers up
  constexpr int kPurgeEvery = 200;
  auto log = OpenLog(directory / "batches");
  const auto batch = Batch(kRecords);
  Latencies latencies;
  const Clock::time_point start = Clock::now();
  std::thread purger;
  for (int i = 0; i < kAppends; ++i) {
    latencies.Measure([&] { Append(*log, kCollection, batch, kRecords); });
    if (i % kPurgeEvery != kPurgeEvery - 1) continue;
    if (purger.joinable()) purger.join();
    purger = std::thread([&log, position = static_cast<LogPosition>((i - kPurgeEvery / 2) * kRecords)] {
      if (const Status status = log->Purge(kCollection, position); !status.ok()) Fail(status.ToString());
    });
  }
  purger.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto size = log->SizeBytes();
  if (!size.ok()) Fail(size.status().ToString());
  std::printf("batches of %d records (%zu KB)    p50 us    p99 us   p99/p50    max us   records/s   files MB\n",
              kRecords, batch->size() / 1000);
  std::printf("                                %9.0f %9.0f %9.1f %9.0f %11.0f %10.0f\n\n", latencies.Percentile(0.5),
              latencies.Percentile(0.99), latencies.Percentile(0.99) / latencies.Percentile(0.5),
              latencies.Percentile(1), kAppends * kRecords / seconds, static_cast<double>(*size) / 1e6);
}

void MeasureOpening(const fs::path& directory) {
  constexpr int kOpens = 200;
  Latencies in_memory;
  for (int i = 0; i < kOpens; ++i) {
    in_memory.Measure([] {
      const auto log = Log::Open("", Durability::kMemory);
      const auto catalog = SystemDatabase::Open("", Durability::kMemory);
      if (!log.ok() || !catalog.ok()) Fail("cannot open in memory");
    });
  }
  constexpr int kCollections = 10'000;
  const fs::path path = directory / "many";
  fs::create_directories(path);
  {
    auto catalog = SystemDatabase::Open(path, Durability::kNone);
    if (!catalog.ok()) Fail(catalog.status().ToString());
    for (int i = 0; i < kCollections; ++i) {
      CollectionRecord record;
      for (int byte = 0; byte < 8; ++byte)
        record.id.bytes[byte] = static_cast<uint8_t>(i * 2654435761u >> (byte % 4 * 8));
      record.id.bytes[8] = static_cast<uint8_t>(i >> 8);
      record.id.bytes[9] = static_cast<uint8_t>(i);
      record.name = "collection" + std::to_string(i);
      record.tenant = kDefaultTenant;
      record.database = kDefaultDatabase;
      if (const Status status = (*catalog)->CreateCollection(record); !status.ok()) Fail(status.ToString());
    }
  }
  Latencies on_disk, cached, from_file;
  for (int i = 0; i < 50; ++i) {
    std::unique_ptr<SystemDatabase> catalog;
    on_disk.Measure([&] { catalog = std::move(SystemDatabase::Open(path, Durability::kFull)).value(); });
    const auto look_up = [&] {
      if (!catalog->GetCollection(kDefaultTenant, kDefaultDatabase, "collection777").ok()) Fail("not found");
    };
    from_file.Measure(look_up);
    cached.Measure(look_up);
  }
  std::printf("open and close, p50 us\n");
  std::printf("  Log and SystemDatabase in memory    %9.1f\n", in_memory.Percentile(0.5));
  std::printf("  SystemDatabase of %d collections %9.1f (open only)\n", kCollections, on_disk.Percentile(0.5));
  std::printf("  first look-up of a collection       %9.1f\n", from_file.Percentile(0.5));
  std::printf("  a later one                         %9.1f\n", cached.Percentile(0.5));
}

void Run(const fs::path& parent) {
  std::string pattern = (parent / "ochre_log_bench_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Fail("cannot create a directory in " + parent.string());
  const fs::path directory = pattern;
  CompareSingleAppends(directory);
  CompareWriters(directory);
  MeasureLargeBatches(directory);
  MeasureOpening(directory);
  fs::remove_all(directory);
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  ochre::Run(argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path());
  return 0;
}
