// Reads index files of hnswlib, for programs that move to Ochre.
#ifndef OCHRE_HNSWLIB_H_
#define OCHRE_HNSWLIB_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "ochre/export.h"
#include "ochre/records.h"
#include "ochre/status.h"

namespace ochre {

// The elements of an hnswlib index that were not marked as deleted, in the order in which they were added.
struct HnswlibIndex {
  std::vector<uint64_t> labels;  // the ids that hnswlib knew them by
  std::vector<float> values;     // row-major, labels.size() rows
  int64_t dimension = 0;

  // To be added to a collection, with ids that the program gives to the labels.
  MatrixSpan embeddings() const { return {values, dimension}; }
};

// Reads a file that HierarchicalNSW<float>::saveIndex of hnswlib 0.6 to 0.8 has written, whatever its space; an index
// for cosine distances holds its vectors normalised. Its graph is not taken over: a collection builds its own, of
// other parts. NotFound: there is no such file. DataLoss: it is no index of hnswlib, or a damaged one; the message
// says where it contradicts itself. Takes about as much memory as the file. Thread-safe.
OCHRE_EXPORT Result<HnswlibIndex> ReadHnswlibIndex(const std::filesystem::path& path);

}  // namespace ochre

#endif  // OCHRE_HNSWLIB_H_
