// DiskModel: what a disk may hold after an outage, worked out from a trace of file calls (fault_shim.h).
#ifndef OCHRE_TESTS_FAULTS_DISK_MODEL_H_
#define OCHRE_TESTS_FAULTS_DISK_MODEL_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/fault_shim.h"

namespace ochre {

// One record of a trace; `bytes` lies in the text that it was parsed from.
struct TracedCall {
  TraceRecord record;
  std::string_view bytes;

  bool is_sync() const {
    return record.kind == TraceRecord::Kind::kSync || record.kind == TraceRecord::Kind::kSyncDirectory ||
           is_failed_sync();
  }
  bool is_failed_sync() const {
    return record.kind == TraceRecord::Kind::kFailedSync || record.kind == TraceRecord::Kind::kFailedSyncDirectory;
  }
};
std::vector<TracedCall> ParseTrace(std::string_view trace);

// When a name that was created, renamed or deleted has reached the disk.
enum class NameRule {
  kByDirectory,  // once its directory is synced, in any order until then: what POSIX promises
  kJournalled,   // in the order of the calls, and all of them with the next sync of anything: ext4, XFS
};

// What an outage leaves of the writes that no sync covers. Names that no sync covers are lost with kDropped, kept with
// kDroppedButNamed, and else kept in part: a random prefix (kJournalled) or subset (kByDirectory).
enum class Outage {
  kDropped,          // nothing
  kDroppedButNamed,  // nothing: new files are empty
  kSectors10,        // each 512-byte sector with a chance of 10%: torn and reordered
  kSectors50,
  kSectors90,
  kByFile,  // all or nothing of each file
  kPrefix,  // of each file the first so many writes, the last of them in part
};
inline constexpr Outage kOutages[] = {Outage::kDropped,   Outage::kDroppedButNamed, Outage::kSectors10,
                                      Outage::kSectors50, Outage::kSectors90,       Outage::kByFile,
                                      Outage::kPrefix};
std::string_view OutageName(Outage outage);

class DiskModel {
 public:
  // Of what lies below `root`, which was empty when the trace began.
  DiskModel(std::string root, NameRule names) : root_(std::move(root)), names_(names) {}

  void Apply(const TracedCall& call);

  // The files that an outage now would leave, by their path relative to `root`; absent contents: a directory. SQLite's
  // -shm files are left out: SQLite makes them anew.
  std::map<std::string, std::optional<std::string>> Image(Outage outage, std::mt19937_64& random) const;

 private:
  struct Change {  // of a file, not synced
    bool truncates = false;
    int64_t offset = 0;  // or the new length
    std::string bytes = {};
  };
  struct File {
    std::string durable, current;
    std::vector<Change> changes;
  };
  static constexpr size_t kDirectory = ~size_t{0};
  using Names = std::map<std::string, size_t>;  // to the number of the file, or kDirectory
  struct NameChange {
    TraceRecord::Kind kind;
    std::string path;
    std::string new_path = {};
    size_t file = kDirectory;
  };

  static void Put(std::string& contents, int64_t offset, std::string_view bytes);
  static void Apply(const NameChange& change, Names& names);
  static void Sync(File& file);
  static std::string Contents(const File& file, Outage outage, std::mt19937_64& random);
  void Change(NameChange change);
  File* FileOf(uint64_t inode);

  const std::string root_;
  const NameRule names_;
  std::vector<File> files_;
  std::map<uint64_t, size_t> by_inode_;
  Names current_names_, durable_names_;
  std::vector<NameChange> name_changes_;  // not synced
};

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_DISK_MODEL_H_
