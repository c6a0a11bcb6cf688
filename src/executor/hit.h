// Hit: a record that a query found, and how near it is.
#ifndef OCHRE_EXECUTOR_HIT_H_
#define OCHRE_EXECUTOR_HIT_H_

#include "types/ids.h"
#include "view/collection_view.h"

namespace ochre {

struct Hit {
  float distance = 0;  // never NaN
  OffsetId offset_id{};
  RecordLocation location;

  // Nearest first, ties in order of insertion: the order of every result.
  friend bool operator<(const Hit& a, const Hit& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.offset_id < b.offset_id;
  }
};

}  // namespace ochre

#endif  // OCHRE_EXECUTOR_HIT_H_
