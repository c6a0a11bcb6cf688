// SqliteConnection: one connection to a SQLite database.
#ifndef OCHRE_SQLITE_CONNECTION_H_
#define OCHRE_SQLITE_CONNECTION_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ochre/options.h"
#include "ochre/status.h"
#include "sqlite/open_files.h"
#include "sqlite/statement.h"
#include "sqlite/wal_tail.h"

struct sqlite3;

namespace ochre {

struct SqliteOptions {
  // kFull, kNormal and kNone are SQLite's synchronous levels of the same names (none is OFF); ignored in memory.
  Durability durability = Durability::kFull;

  // Keeps the file's lock, and the index of the write-ahead log in this process's memory instead of a -shm file: fewer
  // system calls, but no second connection can exist.
  bool exclusive = false;

  // Whether a commit that leaves 1000 pages (SQLite's default) in the write-ahead log copies them into the database.
  // Without, somebody has to call Checkpoint.
  bool auto_checkpoint = true;

  // Whether a new database can give free pages back, by PRAGMA incremental_vacuum; an older one stays as it is.
  bool incremental_vacuum = false;

  // The write-ahead log's file keeps so many bytes when it begins anew, for whoever writes them next; it goes with the
  // last connection.
  int64_t wal_bytes_kept = int64_t{32} << 20;

  int32_t page_bytes = 4096;               // of a new database
  int64_t cache_bytes = int64_t{2} << 20;  // of pages in memory, at most; SQLite's default
};

// Pages of the write-ahead log: all, and how many of them the database file has.
struct CheckpointProgress {
  int64_t wal_pages = 0;
  int64_t checkpointed_pages = 0;
};

// Every failure is a Status that names the file (see sqlite_status.h). One thread at a time: SQLite's own mutexes are
// off. Statements that it handed out must be gone before it closes.
//
// Nothing of a commit that failed is ever found again; where an I/O error prevents even that, its code is kUnknown. A
// failed sync leaves it open what the disk has, and a second one that succeeds says nothing of that: so after the
// first, every write and checkpoint is a FailedPrecondition, closing leaves the write-ahead log as it is, and opening
// writes it anew (wal_rewrite.h). Reads go on. The names of the files are on disk before anything is written into them:
// SQLite syncs their directory too, but goes on where that fails, and a write-ahead log whose name is lost, or one of
// long ago whose deletion is, would be the end of the database.
//
// A write outside of a transaction, its BEGIN IMMEDIATE included, is a FailedPrecondition once the paths lead to other
// files, or to none (open_files.h).
class SqliteConnection {
 public:
  // Opens the file, or creates it at the first write. Nothing is read yet. Extensions cannot be loaded through it.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::filesystem::path& path);
  static Result<std::unique_ptr<SqliteConnection>> OpenInMemory();

  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // To be called once, before the first write. Turns on the write-ahead log and foreign keys.
  Status Configure(const SqliteOptions& options);

  // Runs statements separated by semicolons; stops at the first error.
  Status Execute(const std::string& statements);

  // The same with statements that create temporary views and triggers, of which nothing reaches the file: as for
  // reading, no name is synced first.
  Status ExecuteTemporary(const std::string& statements);

  // Compiles one statement on first use and keeps it for the next. `sql` must be a string literal (it is not copied),
  // and not be in use already.
  Result<SqliteStatement> Prepare(std::string_view sql);

  // The integer in the first column of the first row; 0 if there is no row.
  Result<int64_t> QueryInt64(std::string_view sql);

  // Rows inserted, updated or deleted by the last statement that did any of it.
  int64_t changed_rows() const;

  // Whether a transaction is open.
  bool in_transaction() const;

  // Pages in the write-ahead log after the last commit on this connection. It shrinks when the log is begun anew.
  int64_t wal_pages() const { return wal_tail_.pages(); }

  // For the one connection that writes, once configured: learns where the write-ahead log that it found ends, so that
  // its first commit can be taken back too.
  void FindWalEnd();

  // As after a failed sync of its own; for one that another connection to the same file met.
  void RefuseWrites();
  bool refuses_writes() const { return refuses_writes_; }

  // Copies what it can of the write-ahead log into the database, without waiting for readers or writers (PASSIVE).
  // When all of it was copied, the file is on disk, and the next writer begins the log anew at its beginning.
  Result<CheckpointProgress> Checkpoint();

  // Waits until what checkpoints wrote to the database file is on disk.
  Status SyncDatabaseFile();

  // Waits until every commit of any connection is on disk, as those with Durability::kFull are when they return.
  Status SyncWriteAheadLog();

  // Reads the database file and its write-ahead log from end to end, whatever is in them. An I/O error of that, which
  // is none of SQLite's pages.
  Status CheckReadable();

  // As they were when Configure ended; for connections that are opened later, and for whom they may be others.
  const OpenFiles& files() const { return files_; }

  // As messages name it.
  const std::string& name() const { return name_; }
  bool in_memory() const { return in_memory_; }

 private:
  friend class SqliteStatement;

  SqliteConnection(sqlite3* database, std::string name, bool in_memory);
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& file, std::string name, bool in_memory);
  // `which` is the file control that points to it.
  Status SyncFile(int which, int flags);
  Status CheckFileReadable(int which);
  Status ErrorOf(int code) const;  // Ok for SQLITE_OK, ROW and DONE
  int SystemErrnoOf(int code) const;
  Status ErrorOfWrite(int code);  // of a statement that may have committed
  Status ErrorOfSync(int code, const Status& status);
  Status CheckWritable() const;
  Status PrepareToWrite();
  static int OnCommit(void* connection, sqlite3* database, const char* name, int wal_pages) noexcept;

  sqlite3* database_;
  std::string name_;
  bool in_memory_;
  bool syncs_ = true;             // durability is not kNone
  bool auto_checkpoint_ = false;  // in OnCommit
  bool configured_ = false;
  bool refuses_writes_ = false;
  bool names_synced_ = false;  // of the files, once configured
  OpenFiles files_;            // what is configured has
  WalTail wal_tail_;
  std::unordered_map<std::string_view, sqlite_internal::CompiledStatement> statements_;  // by their text
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_CONNECTION_H_
