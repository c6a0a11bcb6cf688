// The three ways to write a batch, by name, for what differs in nothing else.
#ifndef OCHRE_CAPI_WRITES_H_
#define OCHRE_CAPI_WRITES_H_

#include <cstdint>

#include "ochre/c.h"
#include "ochre/collection.h"

namespace ochre {

// Collection::Add, Update or Upsert.
using WriteMember = Result<WriteReceipt> (Collection::*)(const Records&);

// Precondition: `out` is null or passes CheckStamp.
void WriteReceiptTo(const WriteReceipt& receipt, int64_t records, ochre_receipt* out);

// InvalidArgument: `out` is neither null nor stamped.
Status CheckReceipt(const ochre_receipt* out);

}  // namespace ochre

#endif  // OCHRE_CAPI_WRITES_H_
