#include "storage/sorted_table.h"

#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include "runtime/mutex.h"

namespace ochre {
namespace {

// Index and filter structures of all open tables together; data blocks are not copied, so they hardly count.
constexpr size_t kCacheBytes = 32 << 20;

rocksdb::IOStatus ToIoStatus(const Status& status) {
  if (status.ok()) return rocksdb::IOStatus::OK();
  if (status.code() == StatusCode::kResourceExhausted) return rocksdb::IOStatus::NoSpace(status.message());
  if (status.code() == StatusCode::kDataLoss) return rocksdb::IOStatus::Corruption(status.message());
  return rocksdb::IOStatus::IOError(status.message());
}

// What RocksDB reports of a table of ours: `name` is for errors that are its own.
Status FromRocks(const rocksdb::Status& status, std::string_view name) {
  if (status.ok()) return Status::Ok();
  if (status.IsNoSpace()) return Status::ResourceExhausted(name, ": ", status.ToString());
  if (status.IsCorruption()) return Status::DataLoss(name, " is damaged: ", status.ToString());
  return Status::Unavailable(name, ": ", status.ToString());
}

// A blob being written, as RocksDB sees a file. What Finish returned is left in `info`.
class BlobSink : public rocksdb::FSWritableFile {
 public:
  BlobSink(std::unique_ptr<BlobWriter> writer, Result<BlobInfo>& info) : writer_(std::move(writer)), info_(info) {}

  using rocksdb::FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return ToIoStatus(writer_->Append(std::string_view(data.data(), data.size())));
  }
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();  // Finish, in Close, makes the bytes durable
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    info_ = writer_->Finish();
    return ToIoStatus(info_.status());
  }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return writer_->size(); }

 private:
  std::unique_ptr<BlobWriter> writer_;
  Result<BlobInfo>& info_;
};

// A blob as RocksDB reads a file: verified, and without copying.
class BlobSource : public rocksdb::FSRandomAccessFile {
 public:
  explicit BlobSource(const VerifiedBlob& blob) : blob_(blob) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions&, rocksdb::Slice* result, char*,
                         rocksdb::IODebugContext*) const override {
    if (offset > blob_.size()) offset = blob_.size();
    const auto bytes = blob_.Read(offset, std::min<uint64_t>(size, blob_.size() - offset));
    if (!bytes.ok()) return ToIoStatus(bytes.status());
    *result = rocksdb::Slice(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return rocksdb::IOStatus::OK();
  }

 private:
  const VerifiedBlob& blob_;
};

// A file system that holds one file, to be written or to be read; of the rest RocksDB's own default is never used.
class OneBlobFileSystem : public rocksdb::FileSystemWrapper {
 public:
  OneBlobFileSystem(Storage* storage, Result<BlobInfo>* info)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), storage_(storage), info_(info) {}
  explicit OneBlobFileSystem(const VerifiedBlob* blob)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), blob_(blob) {}

  const char* Name() const override { return "ochre"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext*) override {
    auto writer = storage_->Create(name);
    if (!writer.ok()) return ToIoStatus(writer.status());
    *file = std::make_unique<BlobSink>(*std::move(writer), *info_);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string&, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext*) override {
    *file = std::make_unique<BlobSource>(*blob_);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus GetFileSize(const std::string&, const rocksdb::IOOptions&, uint64_t* size,
                                rocksdb::IODebugContext*) override {
    *size = blob_->size();
    return rocksdb::IOStatus::OK();
  }

 private:
  Storage* storage_ = nullptr;
  Result<BlobInfo>* info_ = nullptr;
  const VerifiedBlob* blob_ = nullptr;
};

rocksdb::Options MakeOptions(rocksdb::Env* env) {
  static const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(kCacheBytes);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;  // the newest that RocksDB 7.8 knows
  rocksdb::Options options;
  options.env = env;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Values are bitmaps, which hardly compress; uncompressed blocks are used where they are mapped.
  options.compression = rocksdb::kNoCompression;
  options.allow_mmap_reads = true;
  return options;
}

}  // namespace

struct SortedTableWriter::Impl {
  Impl(Storage& storage, std::string table_name)
      : name(std::move(table_name)),
        env(rocksdb::NewCompositeEnv(std::make_shared<OneBlobFileSystem>(&storage, &info))),
        writer(rocksdb::EnvOptions(), MakeOptions(env.get())) {}

  const std::string name;
  Result<BlobInfo> info = Status::Internal("the table was not finished");
  std::unique_ptr<rocksdb::Env> env;
  rocksdb::SstFileWriter writer;
};

SortedTableWriter::SortedTableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SortedTableWriter::~SortedTableWriter() = default;

Result<std::unique_ptr<SortedTableWriter>> SortedTableWriter::Create(Storage& storage, std::string_view name) {
  auto impl = std::make_unique<Impl>(storage, std::string(name));
  OCHRE_RETURN_IF_ERROR(FromRocks(impl->writer.Open(impl->name), name));
  return std::unique_ptr<SortedTableWriter>(new SortedTableWriter(std::move(impl)));
}

Status SortedTableWriter::Add(std::string_view key, std::string_view value) {
  return FromRocks(impl_->writer.Put(rocksdb::Slice(key.data(), key.size()), rocksdb::Slice(value.data(), value.size())),
                   impl_->name);
}

Result<BlobInfo> SortedTableWriter::Finish() {
  OCHRE_RETURN_IF_ERROR(FromRocks(impl_->writer.Finish(), impl_->name));
  return impl_->info;
}

struct SortedTable::Impl {
  explicit Impl(const VerifiedBlob& table_blob)
      : blob(table_blob),
        env(rocksdb::NewCompositeEnv(std::make_shared<OneBlobFileSystem>(&table_blob))),
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
    rocksdb::ReadOptions options;
    options.verify_checksums = false;  // VerifiedBlob has done that, once for each block
    return std::unique_ptr<rocksdb::Iterator>(reader.NewIterator(options));
  }

  const VerifiedBlob& blob;
  std::unique_ptr<rocksdb::Env> env;
  rocksdb::SstFileReader reader;
  Mutex mutex;  // held to take or return a pointer
  std::vector<std::unique_ptr<rocksdb::Iterator>> idle OCHRE_GUARDED_BY(mutex);  // destroyed before the reader
};

SortedTable::SortedTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SortedTable::~SortedTable() = default;

Result<std::unique_ptr<const SortedTable>> SortedTable::Open(const VerifiedBlob& blob) {
  auto impl = std::make_unique<Impl>(blob);
  OCHRE_RETURN_IF_ERROR(FromRocks(impl->reader.Open(std::string(blob.name())), blob.name()));
  return std::unique_ptr<const SortedTable>(new SortedTable(std::move(impl)));
}

Result<bool> SortedTable::Find(std::string_view key, std::string& value) const {
  std::unique_ptr<rocksdb::Iterator> iterator = impl_->TakeIterator();
  iterator->Seek(rocksdb::Slice(key.data(), key.size()));
  if (!iterator->status().ok()) return FromRocks(iterator->status(), impl_->blob.name());
  const bool found =
      iterator->Valid() && std::string_view(iterator->key().data(), iterator->key().size()) == key;
  if (found) value.assign(iterator->value().data(), iterator->value().size());
  MutexLock lock(impl_->mutex);
  impl_->idle.push_back(std::move(iterator));
  return found;
}

Result<std::string> SortedTable::Get(std::string_view key) const {
  std::string value;
  OCHRE_ASSIGN_OR_RETURN(const bool found, Find(key, value));
  if (!found) return Status::NotFound("no such key in ", impl_->blob.name());
  return value;
}

}  // namespace ochre
