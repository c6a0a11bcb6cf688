#include "storage/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace ochre {
namespace {

Status SyncNamesIn(const std::filesystem::path& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  if (error == 0 && fsync(descriptor) != 0) error = errno;
  if (descriptor >= 0) close(descriptor);
  if (error == 0) return Status::Ok();
  return Status::Unavailable("cannot sync ", directory.string(), ": ", std::generic_category().message(error));
}

}  // namespace

Status CreateDirectory(const std::filesystem::path& path, bool sync) {
  std::vector<std::filesystem::path> parents = {path.parent_path()};  // of what is to be synced
  std::error_code error;
  while (!std::filesystem::exists(parents.back(), error) && parents.back().has_relative_path()) {
    parents.push_back(parents.back().parent_path());
  }
  std::filesystem::create_directories(path, error);
  if (error) return Status::FailedPrecondition("cannot create ", path.string(), ": ", error.message());
  if (!std::filesystem::is_directory(path, error)) {
    return Status::FailedPrecondition(path.string(), " is not a directory");
  }
  if (!sync) return Status::Ok();
  for (const std::filesystem::path& parent : parents) {
    // Somebody else's, whose names we may use but not list, cannot be synced by us.
    if (access(parent.c_str(), R_OK) != 0 && errno == EACCES) continue;
    OCHRE_RETURN_IF_ERROR(SyncNamesIn(parent));
  }
  return Status::Ok();
}

}  // namespace ochre
