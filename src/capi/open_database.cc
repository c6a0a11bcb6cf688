#include "capi/open_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/call_limit.h"
#include "runtime/mutex.h"
#include "runtime/owner_process.h"

namespace ochre {
namespace {

// A compaction on a thread of its own.
struct Compaction {
  bool HasEnded() {
    MutexLock lock(mutex);
    return has_ended;
  }

  Mutex mutex;
  CondVar ended;
  bool has_ended OCHRE_GUARDED_BY(mutex) = false;
  Status outcome OCHRE_GUARDED_BY(mutex);
};

struct Running {
  std::shared_ptr<Compaction> compaction;
  std::thread thread;
};

// Between two looks at a call's limit while it waits.
constexpr std::chrono::milliseconds kLimitPoll{20};

// A directory, whatever its path: held open, so that its number is given to no other one meanwhile.
class DirectoryIdentity {
 public:
  DirectoryIdentity() = default;
  explicit DirectoryIdentity(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ >= 0 && fstat(descriptor_, &status_) != 0) status_ = {};
  }
  ~DirectoryIdentity() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  DirectoryIdentity(const DirectoryIdentity&) = delete;
  DirectoryIdentity& operator=(const DirectoryIdentity&) = delete;

  bool IsAt(const std::filesystem::path& path) const {
    struct stat there = {};
    return descriptor_ >= 0 && stat(path.c_str(), &there) == 0 && there.st_dev == status_.st_dev &&
           there.st_ino == status_.st_ino;
  }

 private:
  const int descriptor_ = -1;
  struct stat status_ = {};
};

// FailedPrecondition: the options differ; names the first that does. Whether to create the database is no option of
// one that is there.
Status CheckSameOptions(const std::filesystem::path& path, const ClientOptions& open, const ClientOptions& wanted) {
  const auto check = [&](std::string_view name, int64_t is, int64_t asked) {
    if (is == asked) return Status::Ok();
    return Status::FailedPrecondition(path.string(), " is open already in this process, with ", name, " ", is,
                                      " and not ", asked, ": close it first, or open it with the same options");
  };
  OCHRE_RETURN_IF_ERROR(
      check("durability", static_cast<int64_t>(open.durability), static_cast<int64_t>(wanted.durability)));
  OCHRE_RETURN_IF_ERROR(check("compaction_threads", open.compaction_threads, wanted.compaction_threads));
  OCHRE_RETURN_IF_ERROR(check("tail_records_max", open.tail_records_max, wanted.tail_records_max));
  OCHRE_RETURN_IF_ERROR(check("tail_bytes_max", open.tail_bytes_max, wanted.tail_bytes_max));
  OCHRE_RETURN_IF_ERROR(check("aged_tail_records_min", open.aged_tail_records_min, wanted.aged_tail_records_min));
  OCHRE_RETURN_IF_ERROR(check("aged_tail_seconds", open.aged_tail_seconds, wanted.aged_tail_seconds));
  OCHRE_RETURN_IF_ERROR(check("tail_bytes_slowdown", open.tail_bytes_slowdown, wanted.tail_bytes_slowdown));
  OCHRE_RETURN_IF_ERROR(check("writers_refused", open.writers_wait ? 0 : 1, wanted.writers_wait ? 0 : 1));
  if (open.quotas == wanted.quotas) return Status::Ok();
  return Status::FailedPrecondition(path.string(),
                                    " is open already in this process, with other quotas: close it first, "
                                    "or open it with the same options");
}

// The databases of directories that this process has open.
struct Registry {
  // Of this process: a child that was forked knows nothing of those of its parent, which it cannot use. Never freed,
  // since handles may outlive all static objects.
  static Registry& OfProcess();

  const OwnerProcess process;
  Mutex mutex;  // never held while files are opened or closed
  CondVar changed;
  bool opening OCHRE_GUARDED_BY(mutex) =
      false;  // somebody is opening a directory: one at a time, so that none is twice
  std::vector<std::shared_ptr<OpenDatabase::Shared>> databases OCHRE_GUARDED_BY(mutex);
};

}  // namespace

struct OpenDatabase::Shared {
  Shared(std::shared_ptr<Client> opened, const ClientOptions& opened_with)
      : client(std::move(opened)), options(opened_with) {}
  Shared(std::shared_ptr<Client> opened, const ClientOptions& opened_with, Registry& listed_in,
         const std::filesystem::path& path)
      : client(std::move(opened)), options(opened_with), registry(&listed_in), directory(path) {}

  const std::shared_ptr<Client> client;
  const ClientOptions options;
  Registry* const registry = nullptr;  // null: in memory, so nobody shares it
  const DirectoryIdentity directory;
  const OwnerProcess process;
  InterruptCount interrupts = 0;

  // Guarded by the registry's mutex, if there is one.
  int64_t openings = 1;
  bool closing = false;

  Mutex mutex;
  std::list<Running> compactions OCHRE_GUARDED_BY(mutex);  // that nobody waits for any more

  // Joins those that have ended.
  void Reap();
  ~Shared();
};

void OpenDatabase::Shared::Reap() {
  std::list<Running> ended;
  MutexLock lock(mutex);
  for (auto next = compactions.begin(); next != compactions.end();) {
    const auto running = next++;
    if (running->compaction->HasEnded()) ended.splice(ended.end(), compactions, running);
  }
  for (Running& running : ended) running.thread.join();  // they do nothing but return
}

OpenDatabase::Shared::~Shared() {
  for (Running& running : compactions) {
    // The client is closed, so they have ended or are about to. A forked child has none of its parent's threads.
    if (process.IsCurrent()) {
      running.thread.join();
    } else {
      running.thread.detach();
    }
  }
}

namespace {

Registry& Registry::OfProcess() {
  static std::atomic<Registry*> current = nullptr;
  Registry* registry = current.load();
  while (registry == nullptr || !registry->process.IsCurrent()) {
    auto fresh = std::make_unique<Registry>();
    if (current.compare_exchange_strong(registry, fresh.get())) registry = fresh.release();
  }
  return *registry;
}

// Marks the registry as opening a directory while in scope.
class OpeningScope {
 public:
  explicit OpeningScope(Registry& registry) : registry_(registry) {}
  ~OpeningScope() {
    MutexLock lock(registry_.mutex);
    registry_.opening = false;
    registry_.changed.NotifyAll();
  }
  OpeningScope(const OpeningScope&) = delete;
  OpeningScope& operator=(const OpeningScope&) = delete;

 private:
  Registry& registry_;
};

}  // namespace

OpenDatabase::OpenDatabase(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

OpenDatabase::~OpenDatabase() { (void)Close(); }

Result<std::shared_ptr<OpenDatabase>> OpenDatabase::Open(const std::filesystem::path& path,
                                                         const ClientOptions& options) {
  Registry& registry = Registry::OfProcess();
  {
    MutexLock lock(registry.mutex);
    while (true) {
      const auto found = std::find_if(registry.databases.begin(), registry.databases.end(),
                                      [&](const auto& shared) { return shared->directory.IsAt(path); });
      if (found != registry.databases.end() && !(*found)->closing) {
        OCHRE_RETURN_IF_ERROR(CheckSameOptions(path, (*found)->options, options));
        auto database = std::make_shared<OpenDatabase>(*found);
        ++(*found)->openings;
        return database;
      }
      if (found == registry.databases.end() && !registry.opening) break;
      registry.changed.Wait(lock);
    }
    registry.opening = true;
  }
  const OpeningScope opening(registry);
  OCHRE_ASSIGN_OR_RETURN(std::shared_ptr<Client> client, Client::Open(path, options));
  auto shared = std::make_shared<Shared>(std::move(client), options, registry, path);
  auto database = std::make_shared<OpenDatabase>(shared);  // closes it if it cannot be listed
  MutexLock lock(registry.mutex);
  registry.databases.push_back(std::move(shared));
  return database;
}

Result<std::shared_ptr<OpenDatabase>> OpenDatabase::InMemory(const ClientOptions& options) {
  OCHRE_ASSIGN_OR_RETURN(std::shared_ptr<Client> client, Client::InMemory(options));
  return std::make_shared<OpenDatabase>(std::make_shared<Shared>(std::move(client), options));
}

const std::shared_ptr<Client>& OpenDatabase::client() const { return shared_->client; }

const InterruptCount& OpenDatabase::interrupts() const { return shared_->interrupts; }

Status OpenDatabase::Interrupt() {
  OCHRE_RETURN_IF_ERROR(shared_->process.Check());
  shared_->interrupts.fetch_add(1);
  return Status::Ok();
}

Status OpenDatabase::CheckOpen() const {
  OCHRE_RETURN_IF_ERROR(shared_->process.Check());
  return closed_.load() ? Status::FailedPrecondition("the client is closed") : Status::Ok();
}

Status OpenDatabase::Close() {
  OCHRE_RETURN_IF_ERROR(shared_->process.Check());
  Registry* const registry = shared_->registry;
  bool last = !closed_.exchange(true);
  if (registry != nullptr) {
    MutexLock lock(registry->mutex);
    last = last && --shared_->openings == 0;
    if (last) shared_->closing = true;
    if (!shared_->closing) return Status::Ok();
  }
  const Status status = shared_->client->Close();
  if (last && registry != nullptr) {
    MutexLock lock(registry->mutex);
    std::erase(registry->databases, shared_);
    registry->changed.NotifyAll();
  }
  return status;
}

Status OpenDatabase::Compact(const Collection& collection) {
  OCHRE_RETURN_IF_ERROR(shared_->process.Check());
  shared_->Reap();
  auto compaction = std::make_shared<Compaction>();
  std::list<Running> running;  // of one, which can be handed over without an allocation
  running.push_back({compaction, {}});
  running.back().thread = std::thread([compaction, client = shared_->client, collection] {
    Status outcome;
    try {
      outcome = client->Compact(collection);
    } catch (...) {  // none are thrown but for want of memory
      outcome = Status(StatusCode::kResourceExhausted, "no memory");
    }
    MutexLock lock(compaction->mutex);
    compaction->has_ended = true;
    compaction->outcome = std::move(outcome);
    compaction->ended.NotifyAll();
  });
  Status limit;
  {
    MutexLock lock(compaction->mutex);
    while (!compaction->has_ended && limit.ok()) {
      compaction->ended.WaitFor(lock, kLimitPoll);
      if (!compaction->has_ended) limit = CallLimit::CheckCurrent();
    }
  }
  if (!limit.ok()) {
    MutexLock lock(shared_->mutex);
    shared_->compactions.splice(shared_->compactions.end(), running);
    return limit;
  }
  running.back().thread.join();
  MutexLock lock(compaction->mutex);
  return compaction->outcome;
}

}  // namespace ochre
