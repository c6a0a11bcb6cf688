#include "storage/sorted_table.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/call_limit.h"
#include "runtime/mutex.h"

namespace ochre {
namespace {

// RocksDB's statuses carry ours through its layers: the code as the nearest kind, the message as it is.
rocksdb::IOStatus ToIoStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return rocksdb::IOStatus::OK();
    case StatusCode::kDataLoss:
      return rocksdb::IOStatus::Corruption(status.message());
    default:
      return rocksdb::IOStatus::IOError(status.message());
  }
}

// What RocksDB reports while reading the table `name`.
Status FromRocks(const rocksdb::Status& status, std::string_view name) {
  if (status.ok()) return Status::Ok();
  const std::string_view message = status.getState() == nullptr ? "" : status.getState();
  if (status.IsCorruption() && message.starts_with(name)) return Status::DataLoss(message);  // VerifiedBlob's words
  if (status.IsCorruption()) return Status::DataLoss(name, " is damaged: ", status.ToString());
  if (status.IsIOError() && message.starts_with(name)) return Status::Unavailable(message);  // likewise
  if (status.IsNotSupported()) {
    return Status::FailedPrecondition(name, " was written by a newer version: ", status.ToString());
  }
  return Status::Internal(name, ": ", status.ToString());
}

// A table that is being written. RocksDB closes its file even when it gives up, so the blob is finished by
// SortedTableWriter and by nobody else.
struct TableFile {
  Storage& storage;
  std::unique_ptr<BlobWriter> writer = nullptr;
  Status failure = Status::Ok();  // the first one, which says more than RocksDB's echo of it

  rocksdb::IOStatus Note(Status status) {
    if (failure.ok()) failure = status;
    return ToIoStatus(status);
  }
};

// The table's blob as RocksDB writes a file.
class BlobSink : public rocksdb::FSWritableFile {
 public:
  explicit BlobSink(TableFile& table) : table_(table) {}

  using rocksdb::FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return table_.Note(table_.writer->Append(std::string_view(data.data(), data.size())));
  }
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();  // BlobWriter::Finish makes the bytes durable
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return table_.writer->size(); }

 private:
  TableFile& table_;
};

// A blob as RocksDB reads a file: verified, and without copying.
class BlobSource : public rocksdb::FSRandomAccessFile {
 public:
  explicit BlobSource(const VerifiedBlob& blob) : blob_(blob) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions&, rocksdb::Slice* result, char*,
                         rocksdb::IODebugContext*) const override {
    // As pread does, a read past the end gives what there is; RocksDB checks how much came.
    offset = std::min(offset, blob_.size());
    const auto bytes = blob_.Read(offset, std::min<uint64_t>(size, blob_.size() - offset));
    if (!bytes.ok()) return ToIoStatus(bytes.status());
    *result = rocksdb::Slice(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return rocksdb::IOStatus::OK();
  }
  // Mapped already. The default makes RocksDB copy the last 512 KiB of a table when it opens it.
  rocksdb::IOStatus Prefetch(uint64_t, size_t, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  const VerifiedBlob& blob_;
};

// A file system that consists of the one table that is written. RocksDB's own is behind the wrapper, but what touches
// files is overridden here, so nothing of it is reached.
class WriteFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit WriteFileSystem(TableFile& table) : FileSystemWrapper(rocksdb::FileSystem::Default()), table_(table) {}

  const char* Name() const override { return "ochre"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext*) override {
    auto writer = table_.storage.Create(name);
    if (!writer.ok()) return table_.Note(writer.status());
    table_.writer = std::move(writer).value();
    *file = std::make_unique<BlobSink>(table_);
    return rocksdb::IOStatus::OK();
  }
  // RocksDB deletes the file of a table that failed; an unfinished BlobWriter does that by itself.
  rocksdb::IOStatus DeleteFile(const std::string&, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  TableFile& table_;
};

// A file system that consists of the one table that is read.
class ReadFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit ReadFileSystem(const VerifiedBlob& blob) : FileSystemWrapper(rocksdb::FileSystem::Default()), blob_(blob) {}

  const char* Name() const override { return "ochre"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string&, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext*) override {
    *file = std::make_unique<BlobSource>(blob_);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus GetFileSize(const std::string&, const rocksdb::IOOptions&, uint64_t* size,
                                rocksdb::IODebugContext*) override {
    *size = blob_.size();
    return rocksdb::IOStatus::OK();
  }

 private:
  const VerifiedBlob& blob_;
};

rocksdb::Options MakeOptions(rocksdb::Env* env) {
  rocksdb::BlockBasedTableOptions table;
  // Uncompressed blocks are used where they are mapped, so a cache would only hold copies of what the kernel caches.
  table.no_block_cache = true;
  table.format_version = 5;  // the newest that RocksDB 7.8 knows
  // No filter: SstFileReader has iterators only, and a seek of an iterator does not ask a bloom filter.
  rocksdb::Options options;
  options.env = env;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.allow_mmap_reads = true;  // blocks may stay where BlobSource::Read found them
  options.db_host_id = "";          // by default the machine's name goes into every file
  return options;
}

}  // namespace

struct SortedTableWriter::Impl {
  Impl(Storage& storage, std::string table_name)
      : name(std::move(table_name)),
        file{storage},
        env(rocksdb::NewCompositeEnv(std::make_shared<WriteFileSystem>(file))),
        writer(rocksdb::EnvOptions(), MakeOptions(env.get())) {}

  // What the storage said, or else what RocksDB says: keys out of order, no key at all.
  Status Outcome(const rocksdb::Status& status) const {
    if (status.ok() || file.failure.ok()) return FromRocks(status, name);
    return file.failure;
  }

  const std::string name;
  TableFile file;  // outlives the RocksDB objects, which close their file when they are destroyed
  std::unique_ptr<rocksdb::Env> env;
  rocksdb::SstFileWriter writer;
};

SortedTableWriter::SortedTableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SortedTableWriter::~SortedTableWriter() = default;

Result<std::unique_ptr<SortedTableWriter>> SortedTableWriter::Create(Storage& storage, std::string_view name) {
  auto impl = std::make_unique<Impl>(storage, std::string(name));
  OCHRE_RETURN_IF_ERROR(impl->Outcome(impl->writer.Open(impl->name)));
  return std::unique_ptr<SortedTableWriter>(new SortedTableWriter(std::move(impl)));
}

Status SortedTableWriter::Add(std::string_view key, std::string_view value) {
  return impl_->Outcome(
      impl_->writer.Put(rocksdb::Slice(key.data(), key.size()), rocksdb::Slice(value.data(), value.size())));
}

Result<BlobInfo> SortedTableWriter::Finish() {
  OCHRE_RETURN_IF_ERROR(impl_->Outcome(impl_->writer.Finish()));
  return impl_->file.writer->Finish();
}

struct SortedTable::Impl {
  explicit Impl(const VerifiedBlob& table_blob)
      : blob(table_blob),
        env(rocksdb::NewCompositeEnv(std::make_shared<ReadFileSystem>(table_blob))),
        reader(MakeOptions(env.get())) {}

  // An iterator costs more to make than a look-up with it, so idle ones are kept.
  std::unique_ptr<rocksdb::Iterator> TakeIterator() {
    {
      MutexLock lock(mutex);
      if (!idle.empty()) {
        std::unique_ptr<rocksdb::Iterator> iterator = std::move(idle.back());
        idle.pop_back();
        return iterator;
      }
    }
    // The default ReadOptions verify RocksDB's own checksums too: 0.2 us of a look-up's 1.7, against the asserts that a
    // malformed block trips in Debian's RocksDB should a forged or miswritten blob match its checksums.
    return std::unique_ptr<rocksdb::Iterator>(reader.NewIterator(rocksdb::ReadOptions()));
  }

  const VerifiedBlob& blob;
  std::unique_ptr<rocksdb::Env> env;
  rocksdb::SstFileReader reader;
  Mutex mutex;                                                                   // held to take or return a pointer
  std::vector<std::unique_ptr<rocksdb::Iterator>> idle OCHRE_GUARDED_BY(mutex);  // destroyed before the reader
};

SortedTable::SortedTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SortedTable::~SortedTable() = default;

Result<std::unique_ptr<const SortedTable>> SortedTable::Open(const VerifiedBlob& blob) {
  // RocksDB believes a table that says it has no checksums, and malformed blocks then trip its asserts. The kind is the
  // first byte of the footer: kind (1), handles (40), format version (4), magic (8).
  constexpr uint64_t kFooterBytes = 53;
  if (blob.size() >= kFooterBytes) {
    OCHRE_ASSIGN_OR_RETURN(const auto kind, blob.Read(blob.size() - kFooterBytes, 1));
    if (static_cast<rocksdb::ChecksumType>(kind.front()) == rocksdb::kNoChecksum) {
      return Status::DataLoss(blob.name(), " is damaged: it says that its blocks have no checksums");
    }
  }
  auto impl = std::make_unique<Impl>(blob);
  OCHRE_RETURN_IF_ERROR(FromRocks(impl->reader.Open(std::string(blob.name())), blob.name()));
  return std::unique_ptr<const SortedTable>(new SortedTable(std::move(impl)));
}

Result<bool> SortedTable::Find(std::string_view key, std::string& value) const {
  std::unique_ptr<rocksdb::Iterator> iterator = impl_->TakeIterator();
  iterator->Seek(rocksdb::Slice(key.data(), key.size()));
  if (!iterator->status().ok()) return FromRocks(iterator->status(), impl_->blob.name());
  const bool found = iterator->Valid() && std::string_view(iterator->key().data(), iterator->key().size()) == key;
  if (found) value.assign(iterator->value().data(), iterator->value().size());
  MutexLock lock(impl_->mutex);
  impl_->idle.push_back(std::move(iterator));
  return found;
}

Status SortedTable::ForEach(const std::function<Status(std::string_view key, std::string_view value)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> iterator(impl_->reader.NewIterator(rocksdb::ReadOptions()));
  CallPoll poll;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    OCHRE_RETURN_IF_ERROR(poll.Poll());
    OCHRE_RETURN_IF_ERROR(
        visit({iterator->key().data(), iterator->key().size()}, {iterator->value().data(), iterator->value().size()}));
  }
  return FromRocks(iterator->status(), impl_->blob.name());
}

Result<std::string> SortedTable::Get(std::string_view key) const {
  std::string value;
  OCHRE_ASSIGN_OR_RETURN(const bool found, Find(key, value));
  if (!found) return Status::NotFound("no such key in ", impl_->blob.name());
  return value;
}

}  // namespace ochre
