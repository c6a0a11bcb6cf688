#include "sqlite/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include "sqlite/row_checksum_function.h"
#include "sqlite/sqlite_status.h"

namespace ochre {
namespace {

// Only reached when somebody else, such as the sqlite3 shell, holds a lock of the file.
constexpr int kBusyTimeoutMilliseconds = 5000;

// SQLite's default for automatic checkpoints.
constexpr int kAutoCheckpointPages = 1000;

bool IsFailedSync(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

// Whether a commit that ends in `code` may have written to the log. Not when somebody else holds the lock: then what is
// there is theirs.
bool MayHaveWritten(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_NOMEM || primary == SQLITE_CORRUPT;
}

Status SyncDirectoryOf(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::absolute(file).parent_path();
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  if (descriptor >= 0 && fsync(descriptor) != 0) error = errno;
  if (descriptor >= 0) close(descriptor);
  // Names in a directory that may not be listed cannot be synced.
  if (error == 0 || error == EACCES) return Status::Ok();
  return StatusFromSqlite(SQLITE_IOERR_DIR_FSYNC, error, file, "cannot sync its directory");
}

const char* SynchronousLevel(Durability durability) {
  switch (durability) {
    case Durability::kFull:
      return "FULL";
    case Durability::kNormal:
      return "NORMAL";
    case Durability::kNone:
    case Durability::kMemory:
      return "OFF";
  }
  return "FULL";
}

}  // namespace

SqliteConnection::SqliteConnection(sqlite3* database, std::string name, bool in_memory)
    : database_(database), name_(std::move(name)), in_memory_(in_memory) {}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, compiled] : statements_) {
    assert(!compiled.in_use);
    sqlite3_finalize(compiled.statement);
  }
  [[maybe_unused]] const int code = sqlite3_close(database_);
  assert(code == SQLITE_OK);  // BUSY would be a statement that is not ours
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::filesystem::path& path) {
  return Open(path.string(), path.string(), /*in_memory=*/false);
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::OpenInMemory() {
  return Open(":memory:", "in-memory database", /*in_memory=*/true);
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& file, std::string name,
                                                                 bool in_memory) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  if (database == nullptr) return StatusFromSqlite(code, 0, name, sqlite3_errstr(code));
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(database, std::move(name), in_memory));
  OCHRE_RETURN_IF_ERROR(connection->ErrorOf(code));
  // On by default, on every connection; nobody here needs it, and SQL that leaks in must not run code.
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  OCHRE_RETURN_IF_ERROR(connection->ErrorOf(AddRowChecksumFunction(database)));
  sqlite3_busy_timeout(database, kBusyTimeoutMilliseconds);
  return connection;
}

Status SqliteConnection::Configure(const SqliteOptions& options) {
  // secure_delete: Debian's default overwrites what is deleted, which doubles the cost of a purge.
  std::string pragmas = "PRAGMA foreign_keys=ON; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY";
  // The file may be anybody's: cells are checked when a page is read, and what its views call must be harmless.
  pragmas.append("; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF");
  if (options.incremental_vacuum) {
    // Before anything is written. Repeated to a file that has it, this would be a write.
    OCHRE_ASSIGN_OR_RETURN(const int64_t pages, QueryInt64("PRAGMA page_count"));
    if (pages == 0) OCHRE_RETURN_IF_ERROR(Execute("PRAGMA auto_vacuum=INCREMENTAL"));
  }
  if (in_memory_) return Execute(pragmas);

  OCHRE_RETURN_IF_ERROR(Execute("PRAGMA page_size=" + std::to_string(options.page_bytes) +
                                "; PRAGMA locking_mode=" + (options.exclusive ? "EXCLUSIVE" : "NORMAL")));
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement journal_mode, Prepare("PRAGMA journal_mode=WAL"));
    OCHRE_ASSIGN_OR_RETURN(bool row, journal_mode.Step());
    if (!row || journal_mode.Text(0) != "wal") {
      return Status::FailedPrecondition(name_, ": its file system does not support a write-ahead log");
    }
    // The file is changed at the end, after the row: an error there takes it back.
    OCHRE_ASSIGN_OR_RETURN(row, journal_mode.Step());
  }
  pragmas.append("; PRAGMA synchronous=").append(SynchronousLevel(options.durability));
  pragmas.append("; PRAGMA cache_size=-").append(std::to_string(options.cache_bytes / 1024));  // in KiB
  // These blocks of the log stay allocated while it is open: overwriting them needs no journal commit of the file
  // system, which makes an fsync several times cheaper than that of a growing file.
  pragmas.append("; PRAGMA journal_size_limit=").append(std::to_string(options.wal_bytes_kept));
  pragmas.append("; PRAGMA wal_autocheckpoint=0");  // OnCommit does it, and looks at what comes of it
  OCHRE_RETURN_IF_ERROR(Execute(pragmas));
  OCHRE_RETURN_IF_ERROR(QueryInt64("PRAGMA user_version").status());  // a first read opens the write-ahead log
  const char* const file = sqlite3_db_filename(database_, "main");
  OCHRE_ASSIGN_OR_RETURN(files_, OpenFiles::At(file, sqlite3_filename_wal(file)));
  syncs_ = options.durability != Durability::kNone;
  auto_checkpoint_ = options.auto_checkpoint;
  sqlite3_wal_hook(database_, OnCommit, this);
  configured_ = true;
  return Status::Ok();
}

int SqliteConnection::OnCommit(void* connection, sqlite3* database, const char*, int wal_pages) noexcept {
  auto* const self = static_cast<SqliteConnection*>(connection);
  self->wal_tail_.NoteCommit(database, wal_pages);
  if (self->auto_checkpoint_ && wal_pages >= kAutoCheckpointPages && !self->refuses_writes_) {
    // What else than a sync fails is tried again after the next commit; nothing is lost meanwhile.
    const int code = sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (IsFailedSync(code)) self->RefuseWrites();
  }
  return SQLITE_OK;  // the commit is done, whatever comes of the rest
}

void SqliteConnection::FindWalEnd() {
  if (in_memory_) return;
  // If it fails, for a full disk say, a first commit that fails too has an unknown end: no reason not to open.
  if (const auto progress = Checkpoint(); progress.ok()) wal_tail_.NoteCommit(database_, progress->wal_pages);
}

void SqliteConnection::RefuseWrites() {
  refuses_writes_ = true;
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Status SqliteConnection::CheckWritable() const {
  if (!refuses_writes_) return Status::Ok();
  return Status::FailedPrecondition(name_,
                                    ": takes no writes any more, as an earlier one could not be brought to disk; "
                                    "open the database again");
}

// Once configured, the write-ahead log has been opened, and so created: no name comes later.
Status SqliteConnection::PrepareToWrite() {
  OCHRE_RETURN_IF_ERROR(CheckWritable());
  if (!in_transaction()) OCHRE_RETURN_IF_ERROR(files_.Check());
  if (!configured_ || !syncs_ || names_synced_) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(SyncDirectoryOf(name_));
  names_synced_ = true;
  return Status::Ok();
}

Status SqliteConnection::ErrorOfWrite(int code) {
  if (!configured_ || in_transaction() || !MayHaveWritten(code)) return ErrorOf(code);
  // Before anything allocates, as it may be memory that is lacking.
  const WalTail::Outcome outcome = wal_tail_.Invalidate(database_, syncs_);
  if (outcome != WalTail::Outcome::kGone || IsFailedSync(code)) RefuseWrites();
  const Status status = ErrorOf(code);
  if (outcome == WalTail::Outcome::kGone) return ErrorOfSync(code, status);
  const char* const meaning = outcome == WalTail::Outcome::kUnknown
                                  ? "; whether this write is there when the database is opened again is unknown"
                                  : "; this write was taken back, but may be there when the database is opened again "
                                    "after a power cut";
  return Status(StatusCode::kUnknown, status.message() + meaning + ". Until then no write is taken");
}

Status SqliteConnection::ErrorOfSync(int code, const Status& status) {
  if (!IsFailedSync(code)) return status;
  RefuseWrites();
  return Status(status.code(), status.message() + "; no write is taken until the database is opened again");
}

Status SqliteConnection::ErrorOf(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return Status::Ok();
  return StatusFromSqlite(code, SystemErrnoOf(code), name_, sqlite3_errmsg(database_));
}

// sqlite3_system_errno knows nothing of a failed COMMIT, but the file that failed remembers.
int SqliteConnection::SystemErrnoOf(int code) const {
  if ((code & 0xff) != SQLITE_IOERR) return sqlite3_system_errno(database_);
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database_, "main", which, &file);
    if (file == nullptr || file->pMethods == nullptr) continue;
    int system_errno = 0;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system_errno);
    if (system_errno != 0) return system_errno;
  }
  return sqlite3_system_errno(database_);
}

Status SqliteConnection::Execute(const std::string& statements) {
  OCHRE_RETURN_IF_ERROR(PrepareToWrite());
  const int code = sqlite3_exec(database_, statements.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : ErrorOfWrite(code);
}

Status SqliteConnection::ExecuteTemporary(const std::string& statements) {
  return ErrorOf(sqlite3_exec(database_, statements.c_str(), nullptr, nullptr, nullptr));
}

Result<SqliteStatement> SqliteConnection::Prepare(std::string_view sql) {
  sqlite_internal::CompiledStatement& compiled = statements_[sql];
  if (compiled.statement == nullptr) {
    const Status status = ErrorOf(sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                                     SQLITE_PREPARE_PERSISTENT, &compiled.statement, nullptr));
    if (!status.ok()) {
      statements_.erase(sql);
      return status;
    }
    compiled.writes = sqlite3_stmt_readonly(compiled.statement) == 0;
    compiled.commits = compiled.writes || sql == "COMMIT";
  }
  if (compiled.writes) OCHRE_RETURN_IF_ERROR(PrepareToWrite());
  assert(!compiled.in_use);
  compiled.in_use = true;
  return SqliteStatement(*this, compiled);
}

Result<int64_t> SqliteConnection::QueryInt64(std::string_view sql) {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, Prepare(sql));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int64(0) : int64_t{0};
}

int64_t SqliteConnection::changed_rows() const { return sqlite3_changes64(database_); }

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

Result<CheckpointProgress> SqliteConnection::Checkpoint() {
  OCHRE_RETURN_IF_ERROR(CheckWritable());
  int wal_pages = 0;
  int checkpointed_pages = 0;
  const auto checkpoint = [&] {
    return sqlite3_wal_checkpoint_v2(database_, "main", SQLITE_CHECKPOINT_PASSIVE, &wal_pages, &checkpointed_pages);
  };
  int code = checkpoint();
  // A commit that is just changing the header of the log's index makes it unreadable for an instant. Reads and writes
  // wait for that in SQLite, but a passive checkpoint does not.
  for (int waited = 0; code == SQLITE_BUSY && waited < kBusyTimeoutMilliseconds; ++waited) {
    sqlite3_sleep(1);
    code = checkpoint();
  }
  if (code != SQLITE_OK) return ErrorOfSync(code, ErrorOf(code));
  return CheckpointProgress{.wal_pages = wal_pages, .checkpointed_pages = checkpointed_pages};
}

Status SqliteConnection::SyncDatabaseFile() {
  return SyncFile(SQLITE_FCNTL_FILE_POINTER, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

// Where there is a write-ahead log, it is the connection's journal. What is no longer in it was copied to the database
// file, and synced there before the log began anew.
Status SqliteConnection::SyncWriteAheadLog() { return SyncFile(SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_SYNC_NORMAL); }

Status SqliteConnection::SyncFile(int which, int flags) {
  OCHRE_RETURN_IF_ERROR(CheckWritable());
  // Through SQLite's own descriptor: closing one of ours would drop the process's POSIX locks on the file.
  sqlite3_file* file = nullptr;
  OCHRE_RETURN_IF_ERROR(ErrorOf(sqlite3_file_control(database_, "main", which, &file)));
  if (file == nullptr || file->pMethods == nullptr) return Status::Ok();  // in memory
  errno = 0;
  const int code = file->pMethods->xSync(file, flags);
  if (code == SQLITE_OK) return Status::Ok();
  return ErrorOfSync(code, StatusFromSqlite(code, errno, name_, sqlite3_errstr(code)));
}

Status SqliteConnection::CheckReadable() {
  OCHRE_RETURN_IF_ERROR(CheckFileReadable(SQLITE_FCNTL_FILE_POINTER));
  return CheckFileReadable(SQLITE_FCNTL_JOURNAL_POINTER);
}

Status SqliteConnection::CheckFileReadable(int which) {
  sqlite3_file* file = nullptr;
  OCHRE_RETURN_IF_ERROR(ErrorOf(sqlite3_file_control(database_, "main", which, &file)));
  if (file == nullptr || file->pMethods == nullptr) return Status::Ok();  // in memory
  errno = 0;
  sqlite3_int64 size = 0;
  int code = file->pMethods->xFileSize(file, &size);
  std::vector<char> chunk(64 << 10);  // as much as SQLite's largest page
  const auto chunk_bytes = static_cast<int>(chunk.size());
  for (sqlite3_int64 offset = 0; code == SQLITE_OK && offset < size; offset += chunk_bytes) {
    code = file->pMethods->xRead(file, chunk.data(), chunk_bytes, offset);
    if (code == SQLITE_IOERR_SHORT_READ) code = SQLITE_OK;  // the end
  }
  return code == SQLITE_OK ? Status::Ok() : StatusFromSqlite(code, errno, name_, sqlite3_errstr(code));
}

}  // namespace ochre
