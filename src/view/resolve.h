// Resolve: what one recorded operation does to the record under its id. The only place where writes get their meaning.
#ifndef OCHRE_VIEW_RESOLVE_H_
#define OCHRE_VIEW_RESOLVE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types/encoded_metadata.h"
#include "types/operation_batch.h"

namespace ochre {

// A record as it stands, borrowed.
struct RecordContents {
  const float* embedding = nullptr;
  std::optional<std::string_view> document;
  std::optional<std::string_view> uri;
  EncodedMetadata metadata;
};

enum class Effect : uint8_t {
  kNone,     // the record, or its absence, stays as it is
  kInsert,   // a new record, with a new offset id
  kReplace,  // the record gets new contents and keeps its offset id
  kDelete,   // the record goes
};

struct Resolution {
  Effect effect = Effect::kNone;
  // Of kInsert and kReplace: the record afterwards. Borrows from the operation, the existing record and
  // `merged_metadata`.
  RecordContents contents;
  std::string merged_metadata;
};

// `existing` is null when no record has the operation's id.
//            | add    | update  | upsert  | delete
//   existing | none   | replace | replace | delete
//   absent   | insert | none    | insert  | none
// Replacing keeps what the operation does not give: embedding, document, uri, and each metadata key.
Resolution Resolve(OperationKind kind, const Operation& operation, const RecordContents* existing);

}  // namespace ochre

#endif  // OCHRE_VIEW_RESOLVE_H_
