// The bodies of requests about records, parsed by simdjson: those that may be large, or must be fast.
#ifndef OCHRE_SERVER_RECORD_BODIES_H_
#define OCHRE_SERVER_RECORD_BODIES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "ochre/records.h"
#include "server/http_error.h"
#include "types/operation_batch.h"

namespace ochre {

// What an add, update or upsert sends.
struct WriteBody {
  std::vector<std::string_view> ids;
  MatrixSpan embeddings;                 // one row an id; zeros where there is none
  std::vector<uint8_t> embedding_given;  // empty: every row counts
  std::vector<std::optional<std::string>> documents;
  std::vector<std::optional<std::string>> uris;
  std::vector<Metadata> metadatas;
  std::vector<float> embedding_values;  // with `memory`: what the views point into, besides the body
  std::shared_ptr<void> memory;

  Records records() const;
};

// What a get, query or delete sends; each takes what it knows, and ignores the rest as any unknown field.
struct ReadBody {
  std::optional<std::vector<std::string_view>> ids;
  Filter where;
  Filter where_document;
  std::optional<int64_t> limit;
  std::optional<int64_t> offset;
  std::optional<int64_t> n_results;
  std::optional<std::vector<std::string_view>> include;
  std::optional<std::vector<float>> query_embeddings;  // rows of `dimension` columns
  int64_t dimension = 0;
  std::shared_ptr<void> memory;
};

// Both borrow from `body`, in which the embeddings of a write may be decoded, and from the calling thread until it
// parses the next one: what is returned is good on this thread, for this request. 400: not JSON, rows of different
// lengths, a bad filter, base64 or UTF-8; 422: a field is missing or of a wrong type, a null in an add.
HttpResult<WriteBody> ParseWriteBody(OperationKind kind, std::string& body);
HttpResult<ReadBody> ParseReadBody(std::string& body);

}  // namespace ochre

#endif  // OCHRE_SERVER_RECORD_BODIES_H_
