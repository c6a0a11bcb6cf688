// Sorted tables: an immutable ordered map from bytes to bytes in RocksDB's SST format, kept as a blob.
#ifndef OCHRE_STORAGE_SORTED_TABLE_H_
#define OCHRE_STORAGE_SORTED_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ochre/status.h"
#include "storage/storage.h"
#include "storage/verified_blob.h"

namespace ochre {

// Writes through a Storage's BlobWriter (RocksDB sees a file system made of it), so that both storages hold the same
// bytes and BlobInfo comes for free. Destroyed without a successful Finish, it leaves nothing behind. One thread at a
// time.
class SortedTableWriter {
 public:
  // `storage` must outlive the writer. AlreadyExists: there is a blob of that name.
  static Result<std::unique_ptr<SortedTableWriter>> Create(Storage& storage, std::string_view name);
  ~SortedTableWriter();

  // Keys in strictly ascending bytewise order (Internal, if they are not). ResourceExhausted: the disk is full; that
  // may also come with a later call, as RocksDB buffers.
  Status Add(std::string_view key, std::string_view value);

  // Call once, after at least one Add: the format has no empty tables.
  Result<BlobInfo> Finish();

 private:
  struct Impl;
  explicit SortedTableWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Immutable; any number of threads. Blocks are neither compressed nor copied: a look-up reads them where they are
// mapped.
class SortedTable {
 public:
  // `blob` must outlive the table; RocksDB reads it through VerifiedBlob, so every byte is verified before use.
  static Result<std::unique_ptr<const SortedTable>> Open(const VerifiedBlob& blob);
  ~SortedTable();

  // The value under `key`; NotFound when there is none. DataLoss names the blob.
  Result<std::string> Get(std::string_view key) const;

  // Calls visit(key, value) for all there is, in order, until it returns an error or the CallLimit ends it.
  Status ForEach(const std::function<Status(std::string_view key, std::string_view value)>& visit) const;

  // True, and the value in `value`, when `key` is there.
  Result<bool> Find(std::string_view key, std::string& value) const;

 private:
  struct Impl;
  explicit SortedTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_SORTED_TABLE_H_
