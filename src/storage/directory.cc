#include "storage/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
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

int ListDirectory(const std::filesystem::path& path, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return errno;
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) return errno;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

int RemoveDirectory(const std::filesystem::path& path) {
  std::vector<std::string> names;
  int error = ListDirectory(path, names);
  if (error == ENOENT) return 0;
  for (const std::string& name : names) {
    const std::filesystem::path entry = path / name;
    if (unlink(entry.c_str()) == 0 || errno == ENOENT) continue;
    const int failed = errno == EISDIR ? RemoveDirectory(entry) : errno;
    if (error == 0) error = failed;
  }
  if (error == 0 && rmdir(path.c_str()) != 0 && errno != ENOENT) error = errno;
  return error;
}

}  // namespace ochre
