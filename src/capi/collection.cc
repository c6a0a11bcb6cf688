// Finding, making and maintaining collections.
#include <cstddef>
#include <optional>
#include <string_view>

#include "capi/client.h"
#include "capi/embedding.h"
#include "capi/text.h"

namespace ochre {

// The 0.1 struct ended with compacted_position.
template <>
inline constexpr uint64_t kStampMin<ochre_stats> = offsetof(ochre_stats, max_neighbors_used);

namespace {

ochre_collection_options DefaultOptions() {
  const CollectionOptions defaults;
  ochre_collection_options options{};
  options.space = static_cast<int32_t>(defaults.space);
  options.max_neighbors = defaults.max_neighbors;
  options.ef_construction = defaults.ef_construction;
  options.ef_search = defaults.ef_search;
  options.quantization = static_cast<int32_t>(defaults.quantization);
  return options;
}

Result<CollectionOptions> ToOptions(const ochre_collection_options* given) {
  if (given == nullptr) return CollectionOptions();
  OCHRE_ASSIGN_OR_RETURN(const ochre_collection_options options, ReadStamped(given, "options", DefaultOptions()));
  OCHRE_RETURN_IF_ERROR(CheckReserved(options.reserved, "options"));
  if (options.space < OCHRE_SPACE_L2 || options.space > OCHRE_SPACE_INNER_PRODUCT) {
    return Status::InvalidArgument("options.space is ", options.space, ", which is none");
  }
  if (options.quantization < OCHRE_QUANTIZATION_NONE || options.quantization > OCHRE_QUANTIZATION_LVQ4) {
    return Status::InvalidArgument("options.quantization is ", options.quantization, ", which is none");
  }
  CollectionOptions result = {.space = static_cast<Space>(options.space),
                              .max_neighbors = options.max_neighbors,
                              .ef_construction = options.ef_construction,
                              .ef_search = options.ef_search,
                              .quantization = static_cast<Quantization>(options.quantization)};
  OCHRE_ASSIGN_OR_RETURN(result.metadata, ToMetadata(options.metadata_json));
  OCHRE_ASSIGN_OR_RETURN(result.embedding_function, ToFunction(options.embedding_function));
  return result;
}

Result<CollectionChanges> ToChanges(const ochre_collection_changes* given) {
  OCHRE_ASSIGN_OR_RETURN(const ochre_collection_changes changes,
                         ReadStamped(given, "changes", ochre_collection_changes{}));
  CollectionChanges result;
  OCHRE_ASSIGN_OR_RETURN(const auto name, ToOptionalText(changes.name, "changes.name"));
  if (name.has_value()) result.name = std::string(*name);
  if (changes.metadata_json.data != nullptr || changes.metadata_json.size != 0) {
    OCHRE_ASSIGN_OR_RETURN(result.metadata, ToMetadata(changes.metadata_json));
  }
  if (changes.ef_search != 0) result.ef_search = changes.ef_search;
  if (changes.max_neighbors != 0) result.max_neighbors = changes.max_neighbors;
  return result;
}

ochre_stats ToStats(const CollectionStats& stats) {
  ochre_stats result{};
  result.record_count = stats.record_count;
  result.tail_records = stats.tail_records;
  result.tail_bytes = stats.tail_bytes;
  result.segment_count = stats.segment_count;
  result.segment_records = stats.segment_records;
  result.segment_deleted = stats.segment_deleted;
  result.segment_bytes = stats.segment_bytes;
  result.version = stats.version;
  result.log_position = stats.log_position;
  result.compacted_position = stats.compacted_position;
  result.max_neighbors_used = stats.max_neighbors_used;
  result.ef_construction_used = stats.ef_construction_used;
  result.ef_search_used = stats.ef_search_used;
  return result;
}

// The two ways to make one differ in the C++ call alone.
template <typename Create>
ochre_status MakeCollection(ochre_client* client, ochre_string name, const ochre_collection_options* options,
                            ochre_collection** out, ochre_error* error, const Create& create) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_collection>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ToText(name, "name"));
    OCHRE_ASSIGN_OR_RETURN(const CollectionOptions collection_options, ToOptions(options));
    OCHRE_ASSIGN_OR_RETURN(Collection collection, create(text, collection_options));
    return std::make_unique<ochre_collection>(std::move(collection), *client);
  });
}

}  // namespace
}  // namespace ochre

using ochre::GuardCall;
using ochre::GuardCallNew;
using ochre::Result;
using ochre::Status;

extern "C" {

void ochre_collection_options_init(ochre_collection_options* options, uint64_t struct_size) {
  ochre::Initialise(options, struct_size, ochre::DefaultOptions());
}

void ochre_collection_changes_init(ochre_collection_changes* changes, uint64_t struct_size) {
  ochre::Initialise(changes, struct_size, {});
}

void ochre_stats_init(ochre_stats* stats, uint64_t struct_size) { ochre::Initialise(stats, struct_size, {}); }

ochre_status ochre_client_create_collection(ochre_client* client, ochre_string name,
                                            const ochre_collection_options* options, ochre_collection** out,
                                            ochre_error* error) {
  return ochre::MakeCollection(client, name, options, out, error, [&](auto text, const auto& collection_options) {
    return client->client->CreateCollection(text, collection_options);
  });
}

ochre_status ochre_client_get_or_create_collection(ochre_client* client, ochre_string name,
                                                   const ochre_collection_options* options, ochre_collection** out,
                                                   ochre_error* error) {
  return ochre::MakeCollection(client, name, options, out, error, [&](auto text, const auto& collection_options) {
    return client->client->GetOrCreateCollection(text, collection_options);
  });
}

ochre_status ochre_client_get_collection(const ochre_client* client, ochre_string name,
                                         const ochre_embedding_function* function, ochre_collection** out,
                                         ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_collection>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    OCHRE_ASSIGN_OR_RETURN(auto embedding_function, ochre::ToFunction(function));
    OCHRE_ASSIGN_OR_RETURN(auto collection, client->client->GetCollection(text, std::move(embedding_function)));
    return std::make_unique<ochre_collection>(std::move(collection), *client);
  });
}

ochre_status ochre_client_delete_collection(ochre_client* client, ochre_string name, ochre_error* error) {
  return GuardCall(client, "client", error, [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    return client->client->DeleteCollection(text);
  });
}

ochre_status ochre_client_count_collections(const ochre_client* client, int64_t* out, ochre_error* error) {
  return GuardCall(client, "client", error, [&]() -> Status {
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    OCHRE_ASSIGN_OR_RETURN(*out, client->client->CountCollections());
    return Status::Ok();
  });
}

ochre_status ochre_client_list_collections(const ochre_client* client, int64_t limit, int64_t offset,
                                           ochre_collection_list** out, ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_collection_list>> {
    OCHRE_ASSIGN_OR_RETURN(auto infos, client->client->ListCollections(ochre::ToLimit(limit), offset));
    return ochre::MakeList(std::move(infos));
  });
}

ochre_status ochre_client_open_listed_collection(const ochre_client* client, const ochre_collection_list* list,
                                                 int64_t index, const ochre_embedding_function* function,
                                                 ochre_collection** out, ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_collection>> {
    OCHRE_RETURN_IF_ERROR(ochre::CheckEntry(list, index));
    OCHRE_ASSIGN_OR_RETURN(auto embedding_function, ochre::ToFunction(function));
    const ochre::CollectionInfo& info = list->entries[static_cast<size_t>(index)].info;
    OCHRE_ASSIGN_OR_RETURN(auto collection, client->client->OpenCollection(info, std::move(embedding_function)));
    return std::make_unique<ochre_collection>(std::move(collection), *client);
  });
}

void ochre_collection_free(ochre_collection* collection) { ochre::Free(collection); }

ochre_string ochre_collection_id(const ochre_collection* collection) {
  return ochre::IsHandle(collection) ? ochre::ToC(collection->collection.id()) : ochre_string{nullptr, 0};
}

ochre_status ochre_collection_describe(const ochre_collection* collection, ochre_collection_list** out,
                                       ochre_error* error) {
  return GuardCallNew(collection, "collection", out, error, [&]() -> Result<std::unique_ptr<ochre_collection_list>> {
    OCHRE_ASSIGN_OR_RETURN(auto info, collection->collection.Info());
    return ochre::MakeList({std::move(info)});
  });
}

ochre_status ochre_collection_modify(ochre_collection* collection, const ochre_collection_changes* changes,
                                     ochre_error* error) {
  return GuardCall(collection, "collection", error, [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto wanted, ochre::ToChanges(changes));
    return collection->collection.Modify(wanted);
  });
}

ochre_status ochre_collection_stats(const ochre_collection* collection, ochre_stats* out, ochre_error* error) {
  return GuardCall(collection, "collection", error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::CheckStamp(out, "out"));
    OCHRE_ASSIGN_OR_RETURN(const auto stats, collection->database->client()->Stats(collection->collection));
    ochre::WriteStamped(ochre::ToStats(stats), out);
    return Status::Ok();
  });
}

ochre_status ochre_collection_compact(ochre_collection* collection, ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return collection->database->Compact(collection->collection); });
}

ochre_status ochre_collection_wait_until_compacted(ochre_collection* collection, ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return collection->database->client()->WaitUntilCompacted(collection->collection); });
}

ochre_status ochre_collection_verify(const ochre_collection* collection, ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return collection->database->client()->Verify(collection->collection); });
}

ochre_status ochre_collection_count(const ochre_collection* collection, int64_t* out, ochre_error* error) {
  return GuardCall(collection, "collection", error, [&]() -> Status {
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    OCHRE_ASSIGN_OR_RETURN(*out, collection->collection.Count());
    return Status::Ok();
  });
}

ochre_status ochre_collection_count_where(const ochre_collection* collection, ochre_string where,
                                          ochre_string where_document, int64_t* out, ochre_error* error) {
  return GuardCall(collection, "collection", error, [&]() -> Status {
    if (out == nullptr) return Status::InvalidArgument("out is NULL");
    OCHRE_ASSIGN_OR_RETURN(const ochre::Filter of_metadata, ochre::ToWhere(where));
    OCHRE_ASSIGN_OR_RETURN(const ochre::Filter of_documents, ochre::ToWhereDocument(where_document));
    OCHRE_ASSIGN_OR_RETURN(*out, collection->collection.Count(of_metadata, of_documents));
    return Status::Ok();
  });
}

}  // extern "C"
