// TrigramPostings: from each trigram to the rows whose document has it, while an index is built.
#ifndef OCHRE_INVERTED_TRIGRAM_POSTINGS_H_
#define OCHRE_INVERTED_TRIGRAM_POSTINGS_H_

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "inverted/posting_list.h"

namespace ochre {

// An open-addressing table that ignores a trigram's repetitions in a document by itself. Sorting a document's trigrams
// and adding the distinct ones to absl::flat_hash_map took 2.4 times as long for documents of a sentence and 5 times
// for documents of pages (BM_BuildIndex of bench/micro/inverted_index_bench.cc).
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
