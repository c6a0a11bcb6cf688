// Checks of calls against the limits in Quotas (include/ochre/quotas.h).
#ifndef OCHRE_GATEWAY_QUOTA_H_
#define OCHRE_GATEWAY_QUOTA_H_

#include <cstdint>
#include <string_view>

#include "ochre/metadata.h"
#include "ochre/quotas.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"
#include "types/operation_batch.h"
#include "types/quota_rules.h"

namespace ochre {

// What a message says was asked for.
enum class QuotaAction : uint8_t {
  kCreateDatabase,
  kCreateCollection,
  kUpdateCollection,
  kAdd,
  kUpdate,
  kUpsert,
  kDelete,
  kGet,
  kQuery,
  kCount,
};

QuotaAction ActionOf(OperationKind kind);

// ResourceExhausted: `value` exceeds the limit, if there is one. `where` ends the message: ", at index 3".
Status CheckQuota(const Quotas& quotas, QuotaLimit rule, QuotaAction action, int64_t value,
                  std::string_view where = {});

// Everything below: ResourceExhausted where the argument breaks a rule; the argument has been validated.
Status CheckName(const Quotas& quotas, QuotaAction action, std::string_view name);
Status CheckCollectionMetadata(const Quotas& quotas, QuotaAction action, const Metadata& metadata);
Status CheckRecords(const Quotas& quotas, OperationKind kind, const Records& records);
Status CheckGet(const Quotas& quotas, const GetRequest& request);
Status CheckCount(const Quotas& quotas, const Filter& where, const Filter& where_document);
Status CheckQuery(const Quotas& quotas, const QueryRequest& request);
Status CheckDelete(const Quotas& quotas, const DeleteRequest& request);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_QUOTA_H_
