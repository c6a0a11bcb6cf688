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
  ochre_client(std::shared_ptr<ochre::Client> opened, std::shared_ptr<ochre::InterruptCount> counter)
      : client(std::move(opened)), interrupts(std::move(counter)) {}

  std::shared_ptr<ochre::Client> client;
  std::shared_ptr<ochre::InterruptCount> interrupts;  // shared by all handles of the database
};

struct ochre_collection : ochre::Handle<ochre::HandleKind::kCollection> {
  ochre_collection(ochre::Collection found, const ochre_client& origin)
      : collection(std::move(found)), client(origin.client), interrupts(origin.interrupts) {}

  ochre::Collection collection;
  std::shared_ptr<ochre::Client> client;  // for what the C++ API does with a client and a collection
  std::shared_ptr<ochre::InterruptCount> interrupts;
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

// Writes `describe(entry)`, of the stamped type Info, to `info`.
template <typename ListHandle, typename Info, typename Describe>
ochre_status ListGet(const ListHandle* list, int64_t index, Info* info, ochre_error* error, const Describe& describe) {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(Check(list, "list"));
    OCHRE_RETURN_IF_ERROR(CheckStamp(info, "info"));
    if (index < 0 || index >= ListSize(list)) {
      return Status(StatusCode::kOutOfRange,
                    "there is no entry " + std::to_string(index) + " in a list of " + std::to_string(ListSize(list)));
    }
    WriteStamped(describe(list->entries[static_cast<size_t>(index)]), info);
    return Status::Ok();
  });
}

}  // namespace ochre

#endif  // OCHRE_CAPI_CLIENT_H_
