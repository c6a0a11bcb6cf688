// MatchSet: some of the records of one view.
#ifndef OCHRE_VIEW_MATCH_SET_H_
#define OCHRE_VIEW_MATCH_SET_H_

#include <cstdint>
#include <memory>
#include <roaring/roaring.hh>
#include <utility>
#include <vector>

namespace ochre {

// Ordinals of one segment, shared: all live rows are the view's own, of which no query makes a copy.
using SharedOrdinals = std::shared_ptr<const Roaring>;

inline SharedOrdinals Share(Roaring ordinals) { return std::make_shared<const Roaring>(std::move(ordinals)); }

struct MatchSet {
  std::vector<SharedOrdinals>
      segments;                // of each segment of the view, the ordinals that are meant, all live; never null
  std::vector<uint32_t> tail;  // indexes in the tail that are meant, all visible, in ascending order of offset id

  int64_t count() const {
    auto count = static_cast<int64_t>(tail.size());
    for (const auto& ordinals : segments) count += static_cast<int64_t>(ordinals->cardinality());
    return count;
  }
};

}  // namespace ochre

#endif  // OCHRE_VIEW_MATCH_SET_H_
