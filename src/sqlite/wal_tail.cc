#include "sqlite/wal_tail.h"

#include <sqlite3.h>

#include <algorithm>

namespace ochre {
namespace {

// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
constexpr int kHeaderBytes = 32;       // its page size is at 8, big-endian; its salts are at 16
constexpr int kFrameHeaderBytes = 24;  // before each page
using Header = std::array<char, kHeaderBytes>;

// Null if there is none.
sqlite3_file* WalFile(sqlite3* database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

// False on an I/O error. A file that ends early is filled up with zeros.
bool ReadHeader(sqlite3_file* file, Header& header) {
  const int code = file->pMethods->xRead(file, header.data(), kHeaderBytes, 0);
  return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}

int64_t PageBytes(const Header& header) {
  int64_t bytes = 0;
  for (int i = 8; i < 12; ++i) bytes = bytes << 8 | static_cast<unsigned char>(header[i]);
  return bytes;
}

}  // namespace

void WalTail::NoteCommit(sqlite3* database, int64_t pages) noexcept {
  pages_ = pages;
  Header header{};
  sqlite3_file* const file = WalFile(database);
  known_ = file == nullptr ? pages == 0 : ReadHeader(file, header);
  std::copy_n(header.begin() + 16, salts_.size(), salts_.begin());
}

WalTail::Outcome WalTail::Invalidate(sqlite3* database, bool sync) noexcept {
  if (!known_) return Outcome::kUnknown;
  sqlite3_file* const file = WalFile(database);
  if (file == nullptr) return Outcome::kGone;
  Header header{};
  if (!ReadHeader(file, header)) return Outcome::kUnknown;
  // With other salts the failed commit was the first after the log began anew, when all before was in the database.
  const bool begun_anew = !std::equal(salts_.begin(), salts_.end(), header.begin() + 16);
  const int64_t end = kHeaderBytes + (begun_anew ? 0 : pages_ * (kFrameHeaderBytes + PageBytes(header)));

  sqlite3_int64 file_bytes = 0;
  if (file->pMethods->xFileSize(file, &file_bytes) != SQLITE_OK) return Outcome::kUnknown;
  if (file_bytes > end) {
    // Overwritten rather than cut off, as its blocks are worth keeping (journal_size_limit) and a full disk has room
    // for this.
    static constexpr std::array<char, kFrameHeaderBytes> kZeros{};
    if (file->pMethods->xWrite(file, kZeros.data(), kFrameHeaderBytes, end) != SQLITE_OK &&
        file->pMethods->xTruncate(file, end) != SQLITE_OK) {
      return Outcome::kUnknown;
    }
  }
  if (sync && file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK) return Outcome::kGoneUnlessPowerCut;
  return Outcome::kGone;
}

}  // namespace ochre
