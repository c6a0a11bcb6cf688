// InvertedIndexWriter: builds the inverted indexes of one segment: metadata terms, numeric columns, document trigrams.
#ifndef OCHRE_INVERTED_INVERTED_INDEX_WRITER_H_
#define OCHRE_INVERTED_INVERTED_INDEX_WRITER_H_

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ochre/status.h"
#include "storage/storage.h"
#include "types/encoded_metadata.h"
#include "types/ids.h"

namespace ochre {

// Gathers everything in memory, then writes two blobs: 0.6 bytes a byte of text when documents have pages, 1.6 when
// they have a sentence, whose trigrams hardly repeat (bench/micro/inverted_index_bench.cc), and 16 bytes a number. One
// thread at a time.
class InvertedIndexWriter {
 public:
  InvertedIndexWriter();
  ~InvertedIndexWriter();

  // Rows in ascending order of `ordinal`. The arguments are not kept.
  void Add(Ordinal ordinal, EncodedMetadata metadata, std::optional<std::string_view> document);

  // Writes "<folder>/postings.sst" and "<folder>/columns.bin", in that order. Call once.
  Result<std::vector<BlobInfo>> Finish(Storage& storage, std::string_view folder);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ochre

#endif  // OCHRE_INVERTED_INVERTED_INDEX_WRITER_H_
