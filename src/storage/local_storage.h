// LocalStorage: blobs as files below one directory.
#ifndef OCHRE_STORAGE_LOCAL_STORAGE_H_
#define OCHRE_STORAGE_LOCAL_STORAGE_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/file_identity.h"
#include "storage/storage.h"

namespace ochre {

// A blob is written under its own name with O_EXCL: a crash may leave it partial, which nothing refers to, and which
// the collection of unreferenced segments removes at the next open. Maps are read-only and private.
class LocalStorage : public Storage {
 public:
  // `root` must exist. With `sync` false nothing is fsynced (ClientOptions::durability kNone). While `guard`, a file in
  // `root`, is not the same any more, nothing is created, opened or deleted: that is FailedPrecondition.
  LocalStorage(std::filesystem::path root, bool sync, std::optional<FileIdentity> guard = std::nullopt);

  Result<std::unique_ptr<BlobWriter>> Create(std::string_view name) override;
  Result<std::shared_ptr<const Blob>> Map(std::string_view name) const override;
  Result<std::vector<std::string>> List(std::string_view folder) const override;
  Status DeleteFolder(std::string_view folder) override;
  Status SyncFolder(std::string_view folder) override;

 private:
  Status CheckRoot() const;

  std::filesystem::path root_;
  bool sync_;
  std::optional<FileIdentity> guard_;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_LOCAL_STORAGE_H_
