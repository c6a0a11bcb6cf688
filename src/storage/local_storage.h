// LocalStorage: blobs as files below one directory.
#ifndef OCHRE_STORAGE_LOCAL_STORAGE_H_
#define OCHRE_STORAGE_LOCAL_STORAGE_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage.h"

namespace ochre {

// A blob is written under its own name with O_EXCL: a crash may leave it partial, which nothing refers to, and which
// the collection of unreferenced segments removes at the next open. Maps are read-only and private.
class LocalStorage : public Storage {
 public:
  // `root` must exist. With `sync` false nothing is fsynced (ClientOptions::durability kNone).
  LocalStorage(std::filesystem::path root, bool sync);

  Result<std::unique_ptr<BlobWriter>> Create(std::string_view name) override;
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override;
  Result<std::vector<std::string>> List(std::string_view folder) const override;
  Status DeleteFolder(std::string_view folder) override;
  Status SyncFolder(std::string_view folder) override;

 private:
  std::filesystem::path root_;
  bool sync_;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_LOCAL_STORAGE_H_
