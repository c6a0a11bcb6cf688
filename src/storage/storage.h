// Storage: where immutable blobs live. A blob is written once, front to back, then only read and deleted.
#ifndef OCHRE_STORAGE_STORAGE_H_
#define OCHRE_STORAGE_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"

namespace ochre {

// Blobs are checksummed in blocks of this many bytes (the last one may be shorter): small enough to verify on first
// touch (64 KiB take about 5 us with XXH3), large enough that a 1 GiB file has a table of 128 KiB.
inline constexpr int64_t kChecksumBlockBytes = 64 * 1024;

// What a writer knows of a blob that it has finished; kept in the segment's manifest.
struct BlobInfo {
  std::string name;                       // "segments/<uuid>/ids.bin"
  uint64_t length = 0;                    // bytes
  std::vector<uint64_t> block_checksums;  // XXH3-64 of each block, in order

  friend bool operator==(const BlobInfo&, const BlobInfo&) = default;
};

// The bytes of one blob, mapped or in memory; valid as long as this object, also after the blob is deleted.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::span<const std::byte> bytes() const = 0;  // starts aligned to at least 64 bytes

  // Whether the bytes are those of a file, which the system loads on first use and may drop again.
  virtual bool is_file() const { return false; }
  // A hint that these bytes will be read soon: begins to load what of them is a file's and not in memory, without
  // waiting for it. The range lies in the blob.
  virtual void ReadAhead([[maybe_unused]] uint64_t offset, [[maybe_unused]] uint64_t length) const {}
  // A hint that they will hardly be read again: gives back the memory that they take, if they are a file's.
  virtual void Release() const {}
};

// Writes one blob. Destroyed without a successful Finish, it leaves nothing behind. One thread at a time.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;

  // ResourceExhausted: the disk is full. After an error the writer only fails.
  virtual Status Append(std::span<const std::byte> bytes) = 0;
  Status Append(std::string_view text) { return Append(std::as_bytes(std::span(text))); }

  // Bytes appended so far.
  virtual uint64_t size() const = 0;

  // Makes the blob's bytes durable and the blob readable; call once. Its name is durable after Storage::SyncFolder.
  virtual Result<BlobInfo> Finish() = 0;
};

// Names are relative paths, see IsBlobName in storage/blob_name.h. Thread-safe.
class Storage {
 public:
  virtual ~Storage() = default;

  // AlreadyExists: blobs are immutable, a name is used once.
  virtual Result<std::unique_ptr<BlobWriter>> Create(std::string_view name) = 0;

  // NotFound: no such blob.
  virtual Result<std::shared_ptr<const Blob>> Map(std::string_view name) const = 0;

  // The names directly in `folder` ("segments"), folders and blobs alike, sorted; empty when it does not exist.
  virtual Result<std::vector<std::string>> List(std::string_view folder) const = 0;

  // Deletes `folder` and every blob below it; fine when there is none.
  virtual Status DeleteFolder(std::string_view folder) = 0;

  // Makes the names of the finished blobs directly in `folder`, and the folder's own name, durable.
  virtual Status SyncFolder(std::string_view folder) = 0;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_STORAGE_H_
