// Client: opens a database and finds its collections.
#ifndef OCHRE_CLIENT_H_
#define OCHRE_CLIENT_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/collection.h"
#include "ochre/embedding_function.h"
#include "ochre/export.h"
#include "ochre/options.h"
#include "ochre/status.h"

namespace ochre {

inline constexpr std::string_view kVersion = "0.1.0";

struct TenantInfo {
  std::string name;
  std::optional<std::string> resource_name;
};

struct DatabaseInfo {
  std::string id;  // UUID
  std::string name;
  std::string tenant;
};

// What a collection consists of at the moment.
struct CollectionStats {
  int64_t record_count = 0;  // live records
  int64_t tail_records = 0;  // operations that are in the log and in no segment yet
  int64_t tail_bytes = 0;
  int64_t segment_count = 0;
  int64_t segment_records = 0;      // rows in segments, deleted ones among them
  int64_t segment_deleted = 0;      // rows in segments that are deleted or replaced
  int64_t segment_bytes = 0;        // on disk
  uint64_t version = 0;             // compactions so far
  uint64_t log_position = 0;        // of the last operation
  uint64_t compacted_position = 0;  // of the last operation that is in a segment

  // What the index uses of the configuration, where it may say less or more (HnswConfiguration).
  int32_t max_neighbors_used = 0;
  int32_t ef_construction_used = 0;
  int32_t ef_search_used = 0;
};

// An open database, seen through one tenant and database (the default ones, at first). Thread-safe. One process at a
// time may have a directory open; within it, share one client, or open views of it with WithDatabase.
class OCHRE_EXPORT Client {
 public:
  // Opens the database in directory `path`, creating it if there is none.
  // FailedPrecondition: another process (or another client of this one) has it open; the directory holds something
  // else; a newer Ochre wrote it. NotFound: there is none, and it must not be created. DataLoss: a damaged file.
  static Result<std::unique_ptr<Client>> Open(const std::filesystem::path& path, const ClientOptions& options = {});

  // A database of its own in memory, which leaves nothing on disk.
  static Result<std::unique_ptr<Client>> InMemory(const ClientOptions& options = {});

  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Waits for running calls to finish, stops compacting and closes the files. Later calls of this client, its
  // collections and its sibling views fail with FailedPrecondition. Idempotent. The destructor of the last handle does
  // the same.
  Status Close();

  // Deletes everything: all collections of all databases, all databases and tenants but the default ones.
  Status Reset();

  // Tenants: names of at least 3 characters.
  Status CreateTenant(std::string_view name);
  Result<TenantInfo> GetTenant(std::string_view name) const;

  // Databases of this view's tenant; names as of collections.
  Status CreateDatabase(std::string_view name);
  Result<DatabaseInfo> GetDatabase(std::string_view name) const;
  Result<std::vector<DatabaseInfo>> ListDatabases(std::optional<int64_t> limit = std::nullopt,
                                                  int64_t offset = 0) const;
  // With all its collections.
  Status DeleteDatabase(std::string_view name);

  // The same open database seen through another tenant and database. NotFound: one of them does not exist.
  Result<std::unique_ptr<Client>> WithDatabase(std::string_view tenant, std::string_view database) const;
  // The same open database seen through a tenant, for its databases: it need not have any. Collections are those of its
  // default database. NotFound: there is no such tenant.
  Result<std::unique_ptr<Client>> WithTenant(std::string_view tenant) const;
  const std::string& tenant() const { return tenant_; }
  const std::string& database() const { return database_; }

  // Collection names: 3 to 512 of [a-zA-Z0-9._-], the first and last a letter or digit, no two dots in a row, no IP
  // address. AlreadyExists: the name is taken.
  Result<Collection> CreateCollection(std::string_view name, const CollectionOptions& options = {});

  // The existing collection unchanged, or a new one. An embedding function given for an existing collection must have
  // the name of the one stored with it (InvalidArgument), if one is.
  Result<Collection> GetOrCreateCollection(std::string_view name, const CollectionOptions& options = {});

  // NotFound. The built-in hashing embedder is made again from what is stored; others have to be given.
  Result<Collection> GetCollection(std::string_view name,
                                   std::shared_ptr<const EmbeddingFunction> embedding_function = nullptr) const;

  // The collection that `info` describes, which came from ListCollections or Collection::Info of this database: by its
  // id, without looking it up again, so it may have been renamed or deleted since; its calls then say so. The function
  // as of GetCollection. InvalidArgument: `info` has no id of a collection.
  Result<Collection> OpenCollection(const CollectionInfo& info,
                                    std::shared_ptr<const EmbeddingFunction> embedding_function = nullptr) const;

  // Ordered by id.
  Result<std::vector<CollectionInfo>> ListCollections(std::optional<int64_t> limit = std::nullopt,
                                                      int64_t offset = 0) const;
  Result<int64_t> CountCollections() const;
  Status DeleteCollection(std::string_view name);

  // Compacts all of a collection's records into one segment without dead rows, and waits for it: for bulk loads,
  // benchmarks and tests. Reads and writes go on meanwhile.
  Status Compact(const Collection& collection);
  // Waits until the background compactor has nothing left to do for the collection.
  Status WaitUntilCompacted(const Collection& collection);
  Result<CollectionStats> Stats(const Collection& collection) const;
  // Reads and compares all of its segments, the catalogue and the log. DataLoss names what is damaged, or nobody's.
  Status Verify(const Collection& collection) const;

 private:
  Client(std::shared_ptr<Instance> instance, std::string tenant, std::string database);

  std::shared_ptr<Instance> instance_;
  std::string tenant_;
  std::string database_;
};

}  // namespace ochre

#endif  // OCHRE_CLIENT_H_
