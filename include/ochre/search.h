// What the reads of a collection take.
#ifndef OCHRE_SEARCH_H_
#define OCHRE_SEARCH_H_

#include <cstdint>
#include <optional>

#include "ochre/filter.h"
#include "ochre/records.h"

namespace ochre {

// Which columns a result carries besides the ids. Asking for less is faster.
struct Include {
  bool documents = false;
  bool metadatas = false;
  bool embeddings = false;
  bool uris = false;
  bool distances = false;  // of a query only: refused in a get
};

// The records that satisfy everything that is given, in order of insertion.
struct GetRequest {
  std::optional<StringColumn> ids = std::nullopt;  // absent: any; given but empty: none. Unknown ids are skipped
  Filter where = {};
  Filter where_document = {};                   // document conditions only
  std::optional<int64_t> limit = std::nullopt;  // at least 0
  int64_t offset = 0;                           // records to skip first, at least 0
  Include include = {.documents = true, .metadatas = true};
};

// For each query vector the nearest of the records that satisfy everything else that is given.
struct QueryRequest {
  MatrixSpan embeddings = {};  // one query a row; or give `texts`
  StringColumn texts = {};     // one query a text, embedded by the collection's embedding function
  int64_t n_results = 10;      // per query, at least 1; all matching records, if there are fewer
  std::optional<StringColumn> ids = std::nullopt;
  Filter where = {};
  Filter where_document = {};
  Include include = {.documents = true, .metadatas = true, .distances = true};

  // Scans every matching record instead of searching the graph: slower, and right by definition. The answer is the
  // same on every CPU and with any number of threads.
  bool exact = false;
  // Overrides the collection's ef_search for this query.
  std::optional<int32_t> ef_search = std::nullopt;
  // Instead of ef_search, the share of the true nearest neighbours that graph searches are to find on average, in
  // [0.5, 0.999]: each segment knows from its own calibration how far to search for it.
  std::optional<double> target_recall = std::nullopt;
  // Threads that share the queries of this call, at least 1 and used up to the number of cores; 0 means all cores. The
  // answer does not depend on it.
  int32_t num_threads = 1;
};

// Which records to delete: those that satisfy everything that is given. Something must be.
struct DeleteRequest {
  std::optional<StringColumn> ids = std::nullopt;
  Filter where = {};
  Filter where_document = {};
  std::optional<int64_t> limit = std::nullopt;  // with a filter only: the first so many, in order of insertion
};

}  // namespace ochre

#endif  // OCHRE_SEARCH_H_
