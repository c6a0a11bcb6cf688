#include "instance/instance.h"

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "segment/manifest.h"
#include "storage/directory.h"
#include "storage/local_storage.h"
#include "storage/memory_storage.h"
#include "types/catch_exceptions.h"
#include "types/quota_rules.h"

namespace ochre {
namespace {

constexpr std::string_view kSystemName = "system.sqlite3";
constexpr std::string_view kLogName = "log.sqlite3";

Status ValidateOptions(const ClientOptions& options) {
  const auto check = [](std::string_view name, int64_t value, int64_t min) {
    if (value >= min) return Status::Ok();
    return Status::InvalidArgument("option ", name, " is ", value, ", but must be at least ", min);
  };
  OCHRE_RETURN_IF_ERROR(check("compaction_threads", options.compaction_threads, 0));
  OCHRE_RETURN_IF_ERROR(check("tail_records_max", options.tail_records_max, 1));
  OCHRE_RETURN_IF_ERROR(check("tail_bytes_max", options.tail_bytes_max, 1));
  OCHRE_RETURN_IF_ERROR(check("aged_tail_records_min", options.aged_tail_records_min, 1));
  OCHRE_RETURN_IF_ERROR(check("aged_tail_seconds", options.aged_tail_seconds, 0));
  OCHRE_RETURN_IF_ERROR(check("tail_bytes_slowdown", options.tail_bytes_slowdown, 1));
  return ValidateQuotas(options.quotas);
}

// SQLite takes a file shorter than its smallest page for a new database, and so would write a new one over it.
constexpr uintmax_t kSqliteFileBytesMin = 512;

// Of a path that cannot be looked at, which says nothing about what is there.
Status CannotLook(std::string_view what, const std::filesystem::path& path, const std::error_code& error) {
  const bool may_pass = error == std::errc::io_error || error == std::errc::too_many_files_open ||
                        error == std::errc::too_many_files_open_in_system;
  return Status(may_pass ? StatusCode::kUnavailable : StatusCode::kFailedPrecondition,
                status_internal::Concatenate("cannot ", what, " ", path.string(), ": ", error.message()));
}

Result<bool> HoldsDatabase(const std::filesystem::path& file) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(file, error);
  if (!error) return size >= kSqliteFileBytesMin;
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return false;
  return CannotLook("read the size of", file, error);
}

// A directory is a database if it holds system.sqlite3, and may become one if it holds nothing but what an interrupted
// creation left: the lock and the log, which are made first.
Status CheckDirectory(const std::filesystem::path& path, const ClientOptions& options) {
  OCHRE_ASSIGN_OR_RETURN(const bool holds_catalogue, HoldsDatabase(path / kSystemName));
  if (holds_catalogue) {
    OCHRE_ASSIGN_OR_RETURN(const bool holds_log, HoldsDatabase(path / kLogName));
    if (holds_log) return Status::Ok();
    return Status::DataLoss((path / kLogName).string(), " is missing or empty beside ", kSystemName);
  }
  if (!options.create_if_missing) return Status::NotFound("there is no Ochre database at ", path.string());
  OCHRE_RETURN_IF_ERROR(CreateDirectory(path, /*sync=*/options.durability != Durability::kNone));
  std::vector<std::string> names;
  if (const int error = ListDirectory(path, names); error != 0) {
    return CannotLook("list", path, std::error_code(error, std::generic_category()));
  }
  for (const std::string& name : names) {
    if (name == "LOCK" || name.starts_with(kLogName) || name.starts_with(kSystemName)) continue;
    if (name == kSegmentsFolder) {
      return Status::DataLoss((path / kSystemName).string(), " is missing or empty beside ", kSegmentsFolder);
    }
    return Status::FailedPrecondition(path.string(), " is not an Ochre database, and not empty: it holds ", name);
  }
  return Status::Ok();
}

// Before the System Database is made anew: its collections are catalogued before their first write, so a log that holds
// any has lost its catalogue, and would be purged of them as of deleted ones.
Status CheckLogIsNew(const Log& log, const std::filesystem::path& path) {
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> collections, log.Collections());
  if (collections.empty()) return Status::Ok();
  return Status::DataLoss((path / kSystemName).string(), " is missing or empty, but ", kLogName, " holds writes to ",
                          collections.size(), " collections");
}

}  // namespace

Result<std::shared_ptr<Instance>> Instance::Open(const std::filesystem::path& given, const ClientOptions& options) {
  OCHRE_RETURN_IF_ERROR(ValidateOptions(options));
  if (options.durability == Durability::kMemory) {
    return Status::InvalidArgument("a database on disk cannot have Durability::kMemory; use Client::InMemory()");
  }
  // Files are opened later too, when the working directory may be another.
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(given, error);
  if (error) return Status::FailedPrecondition("cannot find ", given.string(), ": ", error.message());
  OCHRE_RETURN_IF_ERROR(CheckDirectory(path, options));
  OCHRE_ASSIGN_OR_RETURN(DirectoryLock lock, DirectoryLock::Acquire(path));
  OCHRE_ASSIGN_OR_RETURN(auto log, Log::Open(path, options.durability));
  OCHRE_ASSIGN_OR_RETURN(const bool holds_catalogue, HoldsDatabase(path / kSystemName));
  if (!holds_catalogue) OCHRE_RETURN_IF_ERROR(CheckLogIsNew(*log, path));
  OCHRE_ASSIGN_OR_RETURN(auto sysdb, SystemDatabase::Open(path, options.durability));
  auto storage =
      std::make_unique<LocalStorage>(path, /*sync=*/options.durability != Durability::kNone, lock.identity());
  return Share(new Instance(std::move(lock), std::move(storage), std::move(log), std::move(sysdb), options));
}

Result<std::shared_ptr<Instance>> Instance::InMemory(const ClientOptions& options) {
  OCHRE_RETURN_IF_ERROR(ValidateOptions(options));
  OCHRE_ASSIGN_OR_RETURN(auto log, Log::Open({}, Durability::kMemory));
  OCHRE_ASSIGN_OR_RETURN(auto sysdb, SystemDatabase::Open({}, Durability::kMemory));
  return Share(
      new Instance(std::nullopt, std::make_unique<MemoryStorage>(), std::move(log), std::move(sysdb), options));
}

Instance::Instance(std::optional<DirectoryLock> lock, std::unique_ptr<Storage> storage, std::unique_ptr<Log> log,
                   std::unique_ptr<SystemDatabase> sysdb, const ClientOptions& options)
    : lock_(std::move(lock)),
      storage_(std::move(storage)),
      log_(std::move(log)),
      sysdb_(std::move(sysdb)),
      views_(*storage_, *log_, *sysdb_),
      executor_(views_),
      compactor_(*storage_, *log_, *sysdb_, views_, options),
      gateway_(*log_, *sysdb_, views_, executor_, compactor_, options.quotas) {}

Instance::~Instance() {
  (void)CatchExceptions([this] { return Close(); });
}

std::shared_ptr<Instance> Instance::Share(Instance* instance) {
  return {instance, [](Instance* last) {
            if (last->owner_.IsCurrent()) delete last;
          }};
}

Result<Instance::Call> Instance::Enter() {
  OCHRE_ASSIGN_OR_RETURN(Call call, EnterToRead());
  if (lock_.has_value()) OCHRE_RETURN_IF_ERROR(lock_->identity().Check());
  return call;
}

Result<Instance::Call> Instance::EnterToRead() {
  OCHRE_RETURN_IF_ERROR(owner_.Check());
  OCHRE_ASSIGN_OR_RETURN(CallGate::Call call, gate_.Enter());
  return Call(std::move(call), gateway_);
}

Status Instance::Close() {
  OCHRE_RETURN_IF_ERROR(owner_.Check());
  MutexLock lock(close_mutex_);
  if (!gate_.Close()) return Status::Ok();
  compactor_.Stop();  // first: calls may be waiting for a compaction
  gate_.Drain();
  compactor_.DeleteReleased();
  const Status log_closed = log_->Close();
  const Status sysdb_closed = sysdb_->Close();
  lock_.reset();
  return log_closed.ok() ? sysdb_closed : log_closed;
}

}  // namespace ochre
