// Clients and collections as C sees them, and lists of what the catalogue knows.
#ifndef OCHRE_CAPI_CLIENT_H_
#define OCHRE_CAPI_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capi/call.h"
#include "capi/handle.h"
#include "capi/stamped.h"
#include "ochre/c.h"
#include "ochre/client.h"
#include "ochre/collection.h"

struct ochre_client : ochre::Handle<ochre::HandleKind::kClient> {
  ochre_client(std::shared_ptr<ochre::OpenDatabase> opened, std::shared_ptr<ochre::Client> view)
      : database(std::move(opened)), client(std::move(view)) {}

  std::shared_ptr<ochre::OpenDatabase> database;
  std::shared_ptr<ochre::Client> client;  // as seen through a tenant and a database
};

struct ochre_collection : ochre::Handle<ochre::HandleKind::kCollection> {
  ochre_collection(ochre::Collection found, const ochre_client& origin)
      : database(origin.database), collection(std::move(found)) {}

  std::shared_ptr<ochre::OpenDatabase> database;
  ochre::Collection collection;
};

namespace ochre {

template <HandleKind kKind, typename T>
struct List : Handle<kKind> {
  explicit List(std::vector<T> values) : entries(std::move(values)) {}

  std::vector<T> entries;
};

// A CollectionInfo with its metadata as text.
struct CollectionEntry {
  CollectionInfo info;
  std::string metadata_json;
};

}  // namespace ochre

struct ochre_tenant_list : ochre::List<ochre::HandleKind::kTenantList, ochre::TenantInfo> {
  using List::List;
};
struct ochre_database_list : ochre::List<ochre::HandleKind::kDatabaseList, ochre::DatabaseInfo> {
  using List::List;
};
struct ochre_collection_list : ochre::List<ochre::HandleKind::kCollectionList, ochre::CollectionEntry> {
  using List::List;
};

namespace ochre {

std::unique_ptr<ochre_collection_list> MakeList(std::vector<CollectionInfo> infos);

// OCHRE_NO_LIMIT is none; the C++ call refuses other negative ones.
inline std::optional<int64_t> ToLimit(int64_t limit) {
  return limit == OCHRE_NO_LIMIT ? std::nullopt : std::optional(limit);
}

template <typename ListHandle>
int64_t ListSize(const ListHandle* list) {
  return IsHandle(list) ? static_cast<int64_t>(list->entries.size()) : 0;
}

// InvalidArgument: it is no such list. OutOfRange: it has no entry `index`.
template <typename ListHandle>
Status CheckEntry(const ListHandle* list, int64_t index) {
  OCHRE_RETURN_IF_ERROR(Check(list, "list"));
  if (index >= 0 && index < ListSize(list)) return Status::Ok();
  return Status(StatusCode::kOutOfRange,
                "there is no entry " + std::to_string(index) + " in a list of " + std::to_string(ListSize(list)));
}

// Writes `describe(entry)`, of the stamped type Info, to `info`.
template <typename ListHandle, typename Info, typename Describe>
ochre_status ListGet(const ListHandle* list, int64_t index, Info* info, ochre_error* error, const Describe& describe) {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(CheckStamp(info, "info"));
    OCHRE_RETURN_IF_ERROR(CheckEntry(list, index));
    WriteStamped(describe(list->entries[static_cast<size_t>(index)]), info);
    return Status::Ok();
  });
}

}  // namespace ochre

#endif  // OCHRE_CAPI_CLIENT_H_
