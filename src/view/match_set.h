// MatchSet: some of the records of one view.
#ifndef OCHRE_VIEW_MATCH_SET_H_
#define OCHRE_VIEW_MATCH_SET_H_

#include <cstdint>
#include <roaring/roaring.hh>
#include <vector>

namespace ochre {

struct MatchSet {
  std::vector<Roaring> segments;  // of each segment of the view, the ordinals that are meant, all live
  std::vector<uint32_t> tail;     // indexes in the tail that are meant, all visible, in ascending order of offset id

  int64_t count() const {
    auto count = static_cast<int64_t>(tail.size());
    for (const Roaring& ordinals : segments) count += static_cast<int64_t>(ordinals.cardinality());
    return count;
  }
};

}  // namespace ochre

#endif  // OCHRE_VIEW_MATCH_SET_H_
