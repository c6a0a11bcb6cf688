// What the catalogue knows, entry by entry.
#include <utility>
#include <vector>

#include "capi/client.h"
#include "capi/text.h"
#include "ochre/metadata.h"

namespace ochre {
namespace {

ochre_tenant_info Describe(const TenantInfo& info) {
  ochre_tenant_info result{};
  result.name = ToC(info.name);
  if (info.resource_name.has_value()) result.resource_name = ToC(*info.resource_name);
  return result;
}

ochre_database_info Describe(const DatabaseInfo& info) {
  ochre_database_info result{};
  result.id = ToC(info.id);
  result.name = ToC(info.name);
  result.tenant = ToC(info.tenant);
  return result;
}

ochre_collection_info Describe(const CollectionEntry& entry) {
  const CollectionInfo& info = entry.info;
  ochre_collection_info result{};
  result.id = ToC(info.id);
  result.name = ToC(info.name);
  result.tenant = ToC(info.tenant);
  result.database = ToC(info.database);
  if (!info.metadata.empty()) result.metadata_json = ToC(entry.metadata_json);
  result.configuration_json = ToC(info.configuration_json);
  result.dimension = info.dimension.value_or(0);
  result.space = static_cast<int32_t>(info.hnsw.space);
  result.max_neighbors = info.hnsw.max_neighbors;
  result.ef_construction = info.hnsw.ef_construction;
  result.ef_search = info.hnsw.ef_search;
  result.quantization = static_cast<int32_t>(info.hnsw.quantization);
  return result;
}

}  // namespace

std::unique_ptr<ochre_collection_list> MakeList(std::vector<CollectionInfo> infos) {
  std::vector<CollectionEntry> entries;
  entries.reserve(infos.size());
  for (CollectionInfo& info : infos) {
    std::string metadata_json = MetadataToJson(info.metadata);
    entries.push_back({.info = std::move(info), .metadata_json = std::move(metadata_json)});
  }
  return std::make_unique<ochre_collection_list>(std::move(entries));
}

}  // namespace ochre

extern "C" {

void ochre_tenant_info_init(ochre_tenant_info* info, uint64_t struct_size) { ochre::Initialise(info, struct_size, {}); }

void ochre_database_info_init(ochre_database_info* info, uint64_t struct_size) {
  ochre::Initialise(info, struct_size, {});
}

void ochre_collection_info_init(ochre_collection_info* info, uint64_t struct_size) {
  ochre::Initialise(info, struct_size, {});
}

void ochre_tenant_list_free(ochre_tenant_list* list) { ochre::Free(list); }
void ochre_database_list_free(ochre_database_list* list) { ochre::Free(list); }
void ochre_collection_list_free(ochre_collection_list* list) { ochre::Free(list); }

int64_t ochre_tenant_list_size(const ochre_tenant_list* list) { return ochre::ListSize(list); }
int64_t ochre_database_list_size(const ochre_database_list* list) { return ochre::ListSize(list); }
int64_t ochre_collection_list_size(const ochre_collection_list* list) { return ochre::ListSize(list); }

ochre_status ochre_tenant_list_get(const ochre_tenant_list* list, int64_t index, ochre_tenant_info* info,
                                   ochre_error* error) {
  return ochre::ListGet(list, index, info, error, [](const auto& entry) { return ochre::Describe(entry); });
}

ochre_status ochre_database_list_get(const ochre_database_list* list, int64_t index, ochre_database_info* info,
                                     ochre_error* error) {
  return ochre::ListGet(list, index, info, error, [](const auto& entry) { return ochre::Describe(entry); });
}

ochre_status ochre_collection_list_get(const ochre_collection_list* list, int64_t index, ochre_collection_info* info,
                                       ochre_error* error) {
  return ochre::ListGet(list, index, info, error, [](const auto& entry) { return ochre::Describe(entry); });
}

}  // extern "C"
