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

// Synced one by one: a name that is not on disk is taken back, or the next call would find it and think that it is.
Status CreateDirectory(const std::filesystem::path& path, bool sync) {
  std::vector<std::filesystem::path> missing;  // the innermost first
  std::error_code error;
  for (std::filesystem::path level = path; level.has_relative_path() && !std::filesystem::exists(level, error);
       level = level.parent_path()) {
    missing.push_back(level);
  }
  const auto sync_name = [sync](const std::filesystem::path& level) {
    const std::filesystem::path parent = level.parent_path();
    // Somebody else's, whose names we may use but not list, cannot be synced by us.
    if (!sync || (access(parent.c_str(), R_OK) != 0 && errno == EACCES)) return Status::Ok();
    return SyncNamesIn(parent);
  };
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    const std::filesystem::path& level = *next;
    const bool created = std::filesystem::create_directory(level, error);
    if (error) return Status::FailedPrecondition("cannot create ", path.string(), ": ", error.message());
    const Status synced = sync_name(level);
    if (!synced.ok() && created) std::filesystem::remove(level, error);
    OCHRE_RETURN_IF_ERROR(synced);
  }
  if (!std::filesystem::is_directory(path, error)) {
    return Status::FailedPrecondition(path.string(), " is not a directory");
  }
  return missing.empty() ? sync_name(path) : Status::Ok();
}

}  // namespace ochre
