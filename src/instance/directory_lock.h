// DirectoryLock: makes sure that one process, and one instance in it, has a database directory open.
#ifndef OCHRE_INSTANCE_DIRECTORY_LOCK_H_
#define OCHRE_INSTANCE_DIRECTORY_LOCK_H_

#include <filesystem>
#include <utility>

#include "ochre/status.h"
#include "runtime/owner_process.h"
#include "storage/file_identity.h"

namespace ochre {

// Holds an advisory lock (flock) on the file LOCK, which the operating system releases when the process ends, however
// it ends. A forked child has the descriptor too: the lock is released by the process that took it, whether or not a
// child lives on, and never by a child. Movable.
class DirectoryLock {
 public:
  // FailedPrecondition: somebody else holds it; the message names their process.
  static Result<DirectoryLock> Acquire(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), owner_(other.owner_), identity_(other.identity_) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(owner_, other.owner_);
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~DirectoryLock();

  // Of LOCK: whether the directory's path still leads to the database that was locked. Holds while the lock does.
  const FileIdentity& identity() const { return identity_; }

 private:
  DirectoryLock(int descriptor, FileIdentity identity) : descriptor_(descriptor), identity_(std::move(identity)) {}

  int descriptor_;
  OwnerProcess owner_;
  FileIdentity identity_;
};

}  // namespace ochre

#endif  // OCHRE_INSTANCE_DIRECTORY_LOCK_H_
