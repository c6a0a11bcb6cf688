// TrigramPostings: from each trigram to the rows whose document has it, while an index is built.
#ifndef OCHRE_INVERTED_TRIGRAM_POSTINGS_H_
#define OCHRE_INVERTED_TRIGRAM_POSTINGS_H_

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "inverted/posting_list.h"

namespace ochre {

// An open-addressing table instead of a general map: its probes are where building an index spends its time.
class TrigramPostings {
 public:
  TrigramPostings();

  // Adds the row to each trigram of its folded document. Rows in ascending order, each once.
  void Add(std::string_view folded, uint32_t ordinal);

  // All trigrams in ascending order (see TrigramsOf); valid until the next Add.
  std::vector<std::pair<uint32_t, const PostingList*>> Sorted() const;

 private:
  // A trigram has 24 bits, so all ones is none.
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Slot {
    uint32_t trigram = kNone;
    uint32_t list = 0;          // in lists_
    uint32_t last_ordinal = 0;  // of that list, so that a repetition in a document touches nothing else
  };

  Slot& Find(uint32_t trigram);
  void Grow();

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  uint32_t hash_shift_;      // 32 - log2(slots_.size())
  std::vector<PostingList> lists_;
};

}  // namespace ochre

#endif  // OCHRE_INVERTED_TRIGRAM_POSTINGS_H_
