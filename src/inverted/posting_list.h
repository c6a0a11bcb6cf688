// PostingList: the rows of one term while an index is built: ascending ordinals, as differences in varints.
#ifndef OCHRE_INVERTED_POSTING_LIST_H_
#define OCHRE_INVERTED_POSTING_LIST_H_

#include <cstdint>
#include <string>

#include "ochre/status.h"

namespace ochre {

// One to two bytes a row, a quarter of an array of ordinals.
class PostingList {
 public:
  // Ascending; the same ordinal again is ignored.
  void Add(uint32_t ordinal);

  // CRoaring's portable serialisation, the form on disk.
  std::string ToRoaringBytes() const;

 private:
  std::string differences_;
  int64_t last_ = -1;
};

}  // namespace ochre

#endif  // OCHRE_INVERTED_POSTING_LIST_H_
