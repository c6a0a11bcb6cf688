#include "sqlite/open_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace ochre {
namespace {

// 0, or errno.
int Stat(const std::string& path, struct stat& found) { return stat(path.c_str(), &found) == 0 ? 0 : errno; }

bool IsMissing(int error) { return error == ENOENT || error == ENOTDIR; }

Status CannotStat(const std::string& path, int error) {
  return Status::Unavailable("cannot stat ", path, ": ", std::generic_category().message(error));
}

Status IsAnother(const std::string& path) {
  return Status::FailedPrecondition(path,
                                    " is no longer the file that was opened: it was moved, deleted or replaced "
                                    "meanwhile; close this client and open the database again");
}

}  // namespace

Result<OpenFiles> OpenFiles::At(const std::string& file, const std::string& write_ahead_log) {
  OpenFiles files;
  for (const std::string& path : {file, write_ahead_log}) {
    struct stat found = {};
    const int error = Stat(path, found);
    if (error == 0) {
      files.places_.push_back({path, found.st_dev, found.st_ino});
    } else if (!IsMissing(error)) {
      return CannotStat(path, error);
    } else if (path == file) {
      return IsAnother(path);
    }
  }
  return files;
}

Status OpenFiles::Check() const {
  for (const Place& place : places_) {
    struct stat found = {};
    const int error = Stat(place.path, found);
    if (error != 0 && !IsMissing(error)) return CannotStat(place.path, error);
    if (error != 0 || found.st_dev != place.device || found.st_ino != place.inode) return IsAnother(place.path);
  }
  return Status::Ok();
}

}  // namespace ochre
