// WalTail: takes back what a failed commit left in SQLite's write-ahead log.
#ifndef OCHRE_SQLITE_WAL_TAIL_H_
#define OCHRE_SQLITE_WAL_TAIL_H_

#include <array>
#include <cstdint>

struct sqlite3;

namespace ochre {

// A COMMIT may fail after its last frame was written: when the sync that follows fails, or memory for the log's index.
// SQLite rolls back, but its frames stay in the file, valid, and whoever recovers the log next would find them
// committed. So the first of them is made invalid, which ends the log there: each frame's checksum covers all before.
//
// For the only connection that writes to its database. Allocates nothing, throws nothing.
class WalTail {
 public:
  // After a commit, and once after opening: `pages` of the log are committed.
  void NoteCommit(sqlite3* database, int64_t pages) noexcept;

  enum class Outcome {
    kGone,                // nothing of the failed commit will be found
    kGoneUnlessPowerCut,  // the same, but the disk may still have it
    kUnknown,             // it may be found when the database is opened again
  };

  // After a failed commit. `sync`: whether commits are to survive a power cut.
  Outcome Invalidate(sqlite3* database, bool sync) noexcept;

  int64_t pages() const { return pages_; }

 private:
  using Salts = std::array<char, 8>;  // chosen anew whenever the log begins anew

  bool known_ = false;
  int64_t pages_ = 0;  // committed, of the log that has these salts
  Salts salts_{};      // zero: it has no header
};

}  // namespace ochre

#endif  // OCHRE_SQLITE_WAL_TAIL_H_
