#include "instance/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace ochre {
namespace {

std::string ReasonOf(int error) { return std::generic_category().message(error); }

}  // namespace

Result<DirectoryLock> DirectoryLock::Acquire(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "LOCK";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return Status::FailedPrecondition("cannot open ", path.string(), ": ", ReasonOf(errno));
  }
  Result<FileIdentity> identity = FileIdentity::Of(descriptor, path);
  if (!identity.ok()) {
    close(descriptor);
    return identity.status();
  }
  DirectoryLock lock(descriptor, *std::move(identity));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Status::FailedPrecondition("cannot lock ", path.string(), ": ", ReasonOf(errno));
    char holder[32] = {};
    const ssize_t size = pread(descriptor, holder, sizeof(holder) - 1, 0);
    return Status::FailedPrecondition("the database at ", directory.string(), " is open already, by process ",
                                      size > 0 ? std::string(holder) : std::string("(unknown)"));
  }
  OCHRE_RETURN_IF_ERROR(lock.identity().Check());  // again: a replaced one is locked by nobody
  // For the message above only: the lock itself is what counts, and a full disk must not stand in its way.
  const std::string process = std::to_string(getpid());
  if (ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor, process.data(), process.size(), 0);
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ < 0) return;
  if (owner_.IsCurrent()) flock(descriptor_, LOCK_UN);  // closing alone would leave it to a child's descriptor
  close(descriptor_);
}

}  // namespace ochre
