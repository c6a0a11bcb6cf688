// Gateway: the one way in. Every call is validated here, then recorded in the log or turned into a plan.
#ifndef OCHRE_GATEWAY_GATEWAY_H_
#define OCHRE_GATEWAY_GATEWAY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compactor/compactor.h"
#include "executor/query_executor.h"
#include "gateway/call_limiter.h"
#include "log/log.h"
#include "ochre/client.h"
#include "ochre/quotas.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"
#include "runtime/mutex.h"
#include "sysdb/system_database.h"
#include "types/collection_configuration.h"
#include "types/ids.h"
#include "types/operation_batch.h"
#include "view/view_registry.h"

namespace ochre {

using CollectionPointer = std::shared_ptr<const CollectionRecord>;

// What a collection is created with.
struct NewCollection {
  std::string tenant;
  std::string database;
  std::string name;
  Metadata metadata;
  CollectionConfiguration configuration;
  bool get_or_create = false;  // an existing collection comes back unchanged
};

// What the collections that were used since the database was opened consist of, together.
struct GatewayTotals {
  int64_t collections = 0;
  int64_t records = 0;
  int64_t tail_records = 0;  // operations that are in the log and in no segment yet
  int64_t tail_bytes = 0;
  int64_t segments = 0;
  int64_t segment_bytes = 0;  // on disk
  int64_t compactions = 0;    // ever
};

// The semantics of each call are those of include/ochre/client.h and collection.h. Thread-safe. What the constructor is
// given must outlive the gateway.
class Gateway {
 public:
  Gateway(Log& log, SystemDatabase& sysdb, ViewRegistry& views, QueryExecutor& executor, Compactor& compactor,
          const Quotas& quotas = {})
      : log_(log), sysdb_(sysdb), views_(views), executor_(executor), compactor_(compactor), quotas_(quotas) {}

  Status CreateTenant(std::string_view name);
  Result<TenantRecord> GetTenant(std::string_view name) const;
  // May be set once; a second, different one is AlreadyExists.
  Status SetTenantResourceName(std::string_view name, std::string_view resource_name);

  Status CreateDatabase(std::string_view tenant, std::string_view name);
  Result<DatabaseRecord> GetDatabase(std::string_view tenant, std::string_view name) const;
  Result<std::vector<DatabaseRecord>> ListDatabases(std::string_view tenant, std::optional<int64_t> limit,
                                                    int64_t offset) const;
  Status DeleteDatabase(std::string_view tenant, std::string_view name);

  Result<CollectionPointer> CreateCollection(const NewCollection& request);
  Result<CollectionPointer> GetCollection(std::string_view tenant, std::string_view database,
                                          std::string_view name) const;
  Result<CollectionPointer> GetCollection(CollectionId id) const;
  // For callers that may see one database only. NotFound also when the collection is in another.
  Result<CollectionPointer> GetCollection(std::string_view tenant, std::string_view database, CollectionId id) const;
  Result<std::vector<CollectionPointer>> ListCollections(std::string_view tenant, std::string_view database,
                                                         std::optional<int64_t> limit, int64_t offset) const;
  Result<int64_t> CountCollections(std::string_view tenant, std::string_view database) const;
  // `configuration_json`, if not empty: as of UpdateConfigurationFromJson (types/collection_configuration.h).
  Status ModifyCollection(CollectionId id, const CollectionChanges& changes, std::string_view configuration_json = {});
  Status DeleteCollection(std::string_view tenant, std::string_view database, std::string_view name);

  // Deletes everything: what is left is a new database.
  Status Reset();

  // `kind` is kAdd, kUpdate or kUpsert.
  Result<WriteReceipt> Write(CollectionId id, OperationKind kind, const Records& records);
  Result<DeleteReceipt> Delete(CollectionId id, const DeleteRequest& request);
  Result<GetResult> Get(CollectionId id, const GetRequest& request) const;
  // request.embeddings holds the queries: texts were embedded by the caller.
  Result<QueryResult> Query(CollectionId id, const QueryRequest& request) const;
  Result<int64_t> Count(CollectionId id, const Filter& where = {}, const Filter& where_document = {}) const;

  Status Compact(CollectionId id);
  Status WaitUntilCompacted(CollectionId id);
  Result<CollectionStats> Stats(CollectionId id) const;
  Status Verify(CollectionId id) const;
  GatewayTotals Totals() const;

 private:
  Result<WriteReceipt> Record(CollectionId id, OperationKind kind, const Records& records);
  // The collection of that id, its dimension fixed to that of `embeddings` if it was open; checks that they agree.
  Status AgreeOnDimension(const CollectionRecord& collection, const MatrixSpan& embeddings);
  // CreateCollection of what is validated and, unless others are faster, new.
  Status InsertCollection(const CollectionRecord& record);
  // Whether the collection would still be within its quota after a write of `ids`, during which `permit` is held.
  Status CheckCollectionSize(CollectionId id, OperationKind kind, const StringColumn& ids,
                             const CallLimiter::Permit& permit) const;
  // After a collection is gone from the catalogue.
  void ForgetCollection(CollectionId id);

  Log& log_;
  SystemDatabase& sysdb_;
  ViewRegistry& views_;
  QueryExecutor& executor_;
  Compactor& compactor_;
  const Quotas quotas_;
  mutable CallLimiter calls_{quotas_};

  // Held from counting what a quota bounds until there is one more; not at all while that quota is off.
  Mutex catalog_quota_mutex_;

  // A delete reads which records there are, then records their deletion: of two deletes of one collection the second
  // must read after the first has recorded, or both would count the same records. Striped by collection.
  std::array<Mutex, 16> delete_mutexes_;
};

}  // namespace ochre

#endif  // OCHRE_GATEWAY_GATEWAY_H_
