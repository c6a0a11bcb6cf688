// Instance: one open database: one of each component, put together.
#ifndef OCHRE_INSTANCE_INSTANCE_H_
#define OCHRE_INSTANCE_INSTANCE_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "compactor/compactor.h"
#include "executor/query_executor.h"
#include "gateway/gateway.h"
#include "instance/call_gate.h"
#include "instance/directory_lock.h"
#include "log/log.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "runtime/mutex.h"
#include "runtime/owner_process.h"
#include "storage/storage.h"
#include "sysdb/system_database.h"
#include "view/view_registry.h"

namespace ochre {

// Thread-safe. In a forked child every call is refused, and the copy is never destroyed: it would wait for threads that
// are not there, and close, checkpoint and delete files that are the parent's.
class Instance {
 public:
  // As Client::Open and Client::InMemory.
  static Result<std::shared_ptr<Instance>> Open(const std::filesystem::path& path, const ClientOptions& options);
  static Result<std::shared_ptr<Instance>> InMemory(const ClientOptions& options);
  ~Instance();  // Close()s

  // The Gateway for the length of one call, during which the instance stays open.
  class Call {
   public:
    Gateway* operator->() const { return gateway_; }
    Gateway& operator*() const { return *gateway_; }

   private:
    friend class Instance;
    Call(CallGate::Call call, Gateway& gateway) : call_(std::move(call)), gateway_(&gateway) {}
    CallGate::Call call_;
    Gateway* gateway_;
  };

  // FailedPrecondition: closed, or this is a child of the process that opened it, or the path no longer leads to the
  // database's directory.
  Result<Call> Enter();

  // For calls that read records: does not look where the path leads. What they read is open already, and a look is a
  // system call of some 3 us, several times what a count takes. A file that is opened for one is looked at by Storage.
  Result<Call> EnterToRead();

  // As Client::Close. Of several callers every one returns when the files are closed.
  Status Close();

 private:
  Instance(std::optional<DirectoryLock> lock, std::unique_ptr<Storage> storage, std::unique_ptr<Log> log,
           std::unique_ptr<SystemDatabase> sysdb, const ClientOptions& options);
  // The owner's pointer, which leaves the instance alone in a child.
  static std::shared_ptr<Instance> Share(Instance* instance);

  const OwnerProcess owner_;
  // In the order in which they depend on each other; destroyed in the opposite order.
  std::optional<DirectoryLock> lock_;  // absent in memory
  const std::unique_ptr<Storage> storage_;
  const std::unique_ptr<Log> log_;
  const std::unique_ptr<SystemDatabase> sysdb_;
  ViewRegistry views_;
  QueryExecutor executor_;
  Compactor compactor_;
  Gateway gateway_;
  CallGate gate_;
  Mutex close_mutex_;  // held while it closes
};

}  // namespace ochre

#endif  // OCHRE_INSTANCE_INSTANCE_H_
