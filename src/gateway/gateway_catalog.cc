// The Gateway's calls about tenants, databases and collections. Those that change the catalogue sync the log first:
// with Durability::kNormal an outage must not take writes and leave what was done after them.
#include <utility>

#include "gateway/gateway.h"
#include "gateway/quota.h"
#include "gateway/validate.h"
#include "runtime/random.h"
#include "types/catch_exceptions.h"

namespace ochre {
namespace {

constexpr int64_t kAll = -1;

// Legacy keys in the metadata configure the index where the configuration itself says nothing.
Status ApplyLegacyMetadata(const Metadata& metadata, CollectionConfiguration& configuration) {
  if (configuration.has_spann) return Status::Ok();
  HnswConfiguration& hnsw = configuration.hnsw;
  OCHRE_ASSIGN_OR_RETURN(const std::optional<HnswConfiguration> legacy, HnswConfigurationFromMetadata(metadata));
  if (legacy.has_value() && hnsw == HnswConfiguration()) hnsw = *legacy;
  return Status::Ok();
}

}  // namespace

Status Gateway::CreateTenant(std::string_view name) {
  OCHRE_RETURN_IF_ERROR(ValidateTenantName(name));
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  return sysdb_.CreateTenant(name);
}

Result<TenantRecord> Gateway::GetTenant(std::string_view name) const { return sysdb_.GetTenant(name); }

Status Gateway::SetTenantResourceName(std::string_view name, std::string_view resource_name) {
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  return sysdb_.SetTenantResourceName(name, resource_name);
}

Status Gateway::CreateDatabase(std::string_view tenant, std::string_view name) {
  OCHRE_RETURN_IF_ERROR(ValidateName("name", name));
  OCHRE_RETURN_IF_ERROR(CheckName(quotas_, QuotaAction::kCreateDatabase, name));
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  if (!quotas_.num_databases.has_value()) return sysdb_.CreateDatabase(tenant, name, RandomUuid());
  MutexLock lock(catalog_quota_mutex_);
  OCHRE_ASSIGN_OR_RETURN(const auto databases, sysdb_.ListDatabases(tenant, kAll, 0));
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas_, &Quotas::num_databases, QuotaAction::kCreateDatabase,
                                   static_cast<int64_t>(databases.size()) + 1));
  return sysdb_.CreateDatabase(tenant, name, RandomUuid());
}

Result<DatabaseRecord> Gateway::GetDatabase(std::string_view tenant, std::string_view name) const {
  return sysdb_.GetDatabase(tenant, name);
}

Result<std::vector<DatabaseRecord>> Gateway::ListDatabases(std::string_view tenant, std::optional<int64_t> limit,
                                                           int64_t offset) const {
  OCHRE_RETURN_IF_ERROR(ValidatePage(limit, offset));
  return sysdb_.ListDatabases(tenant, limit.value_or(kAll), offset);
}

Status Gateway::DeleteDatabase(std::string_view tenant, std::string_view name) {
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> deleted, sysdb_.DeleteDatabase(tenant, name));
  for (const CollectionId& id : deleted) ForgetCollection(id);
  return Status::Ok();
}

Result<CollectionPointer> Gateway::CreateCollection(const NewCollection& request) {
  OCHRE_RETURN_IF_ERROR(ValidateName("name", request.name));
  OCHRE_RETURN_IF_ERROR(ValidateCollectionMetadata(request.metadata));
  // What is returned is made before it is inserted: somebody may drop the collection at once, and it was created all
  // the same.
  const auto record = std::make_shared<CollectionRecord>(CollectionRecord{.id = {},
                                                                          .name = request.name,
                                                                          .tenant = request.tenant,
                                                                          .database = request.database,
                                                                          .metadata = request.metadata,
                                                                          .configuration = request.configuration,
                                                                          .dimension = std::nullopt});
  OCHRE_RETURN_IF_ERROR(ApplyLegacyMetadata(request.metadata, record->configuration));
  OCHRE_RETURN_IF_ERROR(ValidateConfiguration(record->configuration));
  while (true) {
    if (request.get_or_create) {
      auto existing = sysdb_.GetCollection(request.tenant, request.database, request.name);
      if (existing.ok() || existing.status().code() != StatusCode::kNotFound) return existing;
    }
    OCHRE_RETURN_IF_ERROR(CheckName(quotas_, QuotaAction::kCreateCollection, request.name));
    OCHRE_RETURN_IF_ERROR(CheckCollectionMetadata(quotas_, QuotaAction::kCreateCollection, request.metadata));
    record->id = RandomUuid();
    const Status created = InsertCollection(*record);
    // Somebody else was faster. It may be dropped again before it is looked up, and then it is our turn once more.
    if (created.code() == StatusCode::kAlreadyExists && request.get_or_create) continue;
    OCHRE_RETURN_IF_ERROR(created);
    return record;
  }
}

Status Gateway::InsertCollection(const CollectionRecord& record) {
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  if (!quotas_.num_collections.has_value()) return sysdb_.CreateCollection(record);
  MutexLock lock(catalog_quota_mutex_);
  OCHRE_ASSIGN_OR_RETURN(const int64_t count, sysdb_.CountCollections(record.tenant, record.database));
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas_, &Quotas::num_collections, QuotaAction::kCreateCollection, count + 1));
  return sysdb_.CreateCollection(record);
}

Result<CollectionPointer> Gateway::GetCollection(std::string_view tenant, std::string_view database,
                                                 std::string_view name) const {
  return sysdb_.GetCollection(tenant, database, name);
}

Result<CollectionPointer> Gateway::GetCollection(CollectionId id) const { return sysdb_.GetCollection(id); }

Result<CollectionPointer> Gateway::GetCollection(std::string_view tenant, std::string_view database,
                                                 CollectionId id) const {
  OCHRE_ASSIGN_OR_RETURN(CollectionPointer collection, sysdb_.GetCollection(id));
  if (collection->tenant == tenant && collection->database == database) return collection;
  return Status::NotFound("Collection [", id.ToString(), "] does not exist");
}

Result<std::vector<CollectionPointer>> Gateway::ListCollections(std::string_view tenant, std::string_view database,
                                                                std::optional<int64_t> limit, int64_t offset) const {
  OCHRE_RETURN_IF_ERROR(ValidatePage(limit, offset));
  return sysdb_.ListCollections(tenant, database, limit.value_or(kAll), offset);
}

Result<int64_t> Gateway::CountCollections(std::string_view tenant, std::string_view database) const {
  return sysdb_.CountCollections(tenant, database);
}

Status Gateway::ModifyCollection(CollectionId id, const CollectionChanges& changes,
                                 std::string_view configuration_json) {
  OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, sysdb_.GetCollection(id));
  if (changes.name.has_value()) {
    OCHRE_RETURN_IF_ERROR(ValidateName("new_name", *changes.name));
    OCHRE_RETURN_IF_ERROR(CheckName(quotas_, QuotaAction::kUpdateCollection, *changes.name));
  }
  if (changes.metadata.has_value()) {
    if (changes.metadata->empty()) return Status::InvalidArgument("Metadata cannot be empty");
    OCHRE_RETURN_IF_ERROR(ValidateCollectionMetadata(*changes.metadata));
    OCHRE_RETURN_IF_ERROR(CheckCollectionMetadata(quotas_, QuotaAction::kUpdateCollection, *changes.metadata));
  }
  std::optional<CollectionConfiguration> configuration;
  if (!configuration_json.empty()) {
    OCHRE_ASSIGN_OR_RETURN(configuration, UpdateConfigurationFromJson(collection->configuration, configuration_json));
  }
  if (changes.ef_search.has_value() || changes.max_neighbors.has_value()) {
    if (!configuration.has_value()) configuration = collection->configuration;
    configuration->hnsw.ef_search = changes.ef_search.value_or(configuration->hnsw.ef_search);
    configuration->hnsw.max_neighbors = changes.max_neighbors.value_or(configuration->hnsw.max_neighbors);
    OCHRE_RETURN_IF_ERROR(ValidateConfiguration(*configuration));
  }
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  return sysdb_.UpdateCollection(id, changes.name, changes.metadata, configuration);
}

Status Gateway::DeleteCollection(std::string_view tenant, std::string_view database, std::string_view name) {
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  OCHRE_ASSIGN_OR_RETURN(const CollectionId id, sysdb_.DeleteCollection(tenant, database, name));
  ForgetCollection(id);
  return Status::Ok();
}

Status Gateway::Reset() {
  OCHRE_RETURN_IF_ERROR(log_.Sync());
  OCHRE_ASSIGN_OR_RETURN(const std::vector<CollectionId> deleted, sysdb_.Reset());
  for (const CollectionId& id : deleted) ForgetCollection(id);
  return Status::Ok();
}

void Gateway::ForgetCollection(CollectionId id) {
  views_.Forget(id);
  compactor_.Forget(id);
  (void)CatchExceptions([&] { return log_.PurgeCollection(id); });  // if this fails, the next open purges it
}

}  // namespace ochre
