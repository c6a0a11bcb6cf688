// OpenDatabase: one opening of a database through the C API; those of one directory share what is open.
#ifndef OCHRE_CAPI_OPEN_DATABASE_H_
#define OCHRE_CAPI_OPEN_DATABASE_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "ochre/client.h"
#include "ochre/options.h"
#include "ochre/status.h"

namespace ochre {

// Interrupts of a database so far. A call that began before the last one is to end.
using InterruptCount = std::atomic<uint64_t>;

// What one ochre_client_open opened, shared by the handles that came of it. The files are closed with the last opening
// of their directory. Thread-safe.
//
// In a forked child every call is FailedPrecondition and waits for nothing: there mutexes may be locked for ever. The
// child may open directories of its own.
class OpenDatabase {
 public:
  // As Client::Open; but if this process has the directory open through the C API already, whatever path led there,
  // shares that. FailedPrecondition: it is open with other options (create_if_missing aside); names the first of them.
  static Result<std::shared_ptr<OpenDatabase>> Open(const std::filesystem::path& path, const ClientOptions& options);
  // As Client::InMemory: a database of its own.
  static Result<std::shared_ptr<OpenDatabase>> InMemory(const ClientOptions& options);

  struct Shared;  // what is open
  explicit OpenDatabase(std::shared_ptr<Shared> shared);
  ~OpenDatabase();  // Close()s
  OpenDatabase(const OpenDatabase&) = delete;
  OpenDatabase& operator=(const OpenDatabase&) = delete;

  // The last opening of a directory waits for running calls and closes the files; another one leaves both to the
  // others. A second time does nothing, but for waiting.
  Status Close();

  // FailedPrecondition: this opening is closed, or was made by the process that this one is a fork of.
  Status CheckOpen() const;

  // The calls that began before this, through any opening of the directory, are to end.
  Status Interrupt();

  const std::shared_ptr<Client>& client() const;
  const InterruptCount& interrupts() const;

  // Compacts a collection as Client::Compact does, on a thread of its own, and waits for it. If the call is to end
  // earlier (CallLimit), the compaction goes on until it is done, or the files are closed.
  Status Compact(const Collection& collection);

 private:
  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> closed_ = false;
};

}  // namespace ochre

#endif  // OCHRE_CAPI_OPEN_DATABASE_H_
