// MemoryStorage: blobs in the process's memory, for Client::InMemory() and for tests.
#ifndef OCHRE_STORAGE_MEMORY_STORAGE_H_
#define OCHRE_STORAGE_MEMORY_STORAGE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mutex.h"
#include "storage/storage.h"

namespace ochre {

class MemoryStorage : public Storage {
 public:
  Result<std::unique_ptr<BlobWriter>> Create(std::string_view name) override;
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override;
  Result<std::vector<std::string>> List(std::string_view folder) const override;
  Status DeleteFolder(std::string_view folder) override;
  Status SyncFolder(std::string_view folder) override;  // nothing to do

 private:
  class Writer;

  mutable Mutex mutex_;  // held to look up or insert a pointer
  std::map<std::string, std::shared_ptr<const Blob>, std::less<>> blobs_ OCHRE_GUARDED_BY(mutex_);
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_MEMORY_STORAGE_H_
