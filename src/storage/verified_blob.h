// VerifiedBlob: a blob whose bytes are checked against their checksums before anyone reads them.
#ifndef OCHRE_STORAGE_VERIFIED_BLOB_H_
#define OCHRE_STORAGE_VERIFIED_BLOB_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "storage/storage.h"

namespace ochre {

// Each block of kChecksumBlockBytes is hashed on first touch, once. Thread-safe; two threads may hash one block twice.
class VerifiedBlob {
 public:
  // Maps `info.name`. DataLoss: its length is not `info.length`. NotFound becomes DataLoss too: the manifest names it.
  static Result<std::unique_ptr<const VerifiedBlob>> Open(const Storage& storage, BlobInfo info);

  std::string_view name() const { return info_.name; }
  uint64_t size() const { return info_.length; }

  // The bytes [offset, offset + length), verified. DataLoss: a checksum does not match, or the range is not in the
  // blob (a damaged offset elsewhere led here); the message names the blob and the block. Costs a bit test a block
  // when the range has been verified before.
  Result<std::span<const std::byte>> Read(uint64_t offset, uint64_t length) const;

  // Read of everything.
  Result<std::span<const std::byte>> ReadAll() const { return Read(0, info_.length); }

  // Begins to load of [offset, offset + length) what no Read has touched yet, if it is a file's: for several reads at
  // scattered places, whose waits for a disk then overlap. What is not in the blob is passed over.
  void ReadAhead(uint64_t offset, uint64_t length) const;

  // Begins to load the cache line at `offset`, if the blob has it. A hint: reads nothing, so nothing is verified.
  void Prefetch(uint64_t offset) const {
    if (offset < info_.length) __builtin_prefetch(blob_->bytes().data() + offset);
  }

  // Of the blob; see there.
  bool is_file() const { return blob_->is_file(); }
  void Release() const { blob_->Release(); }

  // Hashes everything again, until the CallLimit ends it: for a scrub. DataLoss: names the first damaged block.
  Status Scrub() const;

 private:
  VerifiedBlob(BlobInfo info, std::shared_ptr<const Blob> blob);
  Status VerifyBlock(uint64_t block) const;
  bool IsVerified(uint64_t block) const {
    return (verified_[block / 64].load(std::memory_order_relaxed) >> (block % 64) & 1) != 0;
  }

  const BlobInfo info_;
  const std::shared_ptr<const Blob> blob_;
  mutable std::vector<std::atomic<uint64_t>> verified_;  // bit b % 64 of word b / 64: block b matched its checksum
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_VERIFIED_BLOB_H_
