#include "storage/file_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace ochre {

Result<FileIdentity> FileIdentity::Of(int descriptor, const std::filesystem::path& path) {
  struct stat opened = {};
  if (fstat(descriptor, &opened) != 0) {
    return Status::Unavailable("cannot stat ", path.string(), ": ", std::generic_category().message(errno));
  }
  FileIdentity identity(path, opened.st_dev, opened.st_ino);
  OCHRE_RETURN_IF_ERROR(identity.Check());
  return identity;
}

Status FileIdentity::Check() const {
  struct stat found = {};
  if (stat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) return Status::Ok();
  return Status::FailedPrecondition(path_.parent_path().string(),
                                    " is no longer the database that was opened: it was renamed, deleted or replaced "
                                    "meanwhile; close this client and open it where it is now");
}

}  // namespace ochre
