// Collection: the handle through which records are written and read.
#ifndef OCHRE_COLLECTION_H_
#define OCHRE_COLLECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ochre/embedding_function.h"
#include "ochre/export.h"
#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "ochre/options.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"

namespace ochre {

class Instance;

// What the catalogue knows of a collection.
struct CollectionInfo {
  std::string id;  // UUID
  std::string name;
  std::string tenant;
  std::string database;
  Metadata metadata;  // empty: none
  HnswConfiguration hnsw;
  std::string configuration_json;    // the same and the embedding function, as Chroma's JSON
  std::optional<int32_t> dimension;  // null until the first embedding
};

// What to change of a collection; what is absent stays. `space` cannot be changed.
struct CollectionChanges {
  std::optional<std::string> name = std::nullopt;
  std::optional<Metadata> metadata = std::nullopt;  // replaces the whole map; not empty
  std::optional<int32_t> ef_search = std::nullopt;
  std::optional<int32_t> max_neighbors = std::nullopt;  // of segments that are built from now on
};

// A handle: cheap to copy, keeps the database open. Thread-safe. Every call fails with FailedPrecondition once the
// client is closed, and with NotFound once the collection is deleted.
class OCHRE_EXPORT Collection {
 public:
  // Inserts records. An id that exists already is ignored, and its record left as it is. Embeddings are required,
  // unless the collection has an embedding function and every record a document.
  //
  // All writes: the batch is refused whole or recorded whole. When the call returns, it is durable and visible to every
  // later read. InvalidArgument says what is wrong and at which index: columns of different lengths, an empty or
  // repeated id, text that is no UTF-8, a dimension other than the collection's, NaN or infinity, a reserved metadata
  // key, ... ResourceExhausted: the disk is full, or the batch exceeds 1,000,000 records or 900 MB.
  Result<WriteReceipt> Add(const Records& records);

  // Replaces embedding, document and uri where given, and merges metadata key by key (null deletes a key). An id that
  // does not exist is ignored. Documents without embeddings are embedded, if there is an embedding function.
  Result<WriteReceipt> Update(const Records& records);

  // Update for ids that exist, Add for the others. Embeddings as in Add.
  Result<WriteReceipt> Upsert(const Records& records);

  // Deletes the records that satisfy the request. InvalidArgument: it asks for nothing, or `limit` without a filter.
  Result<DeleteReceipt> Delete(const DeleteRequest& request);

  // Records in order of insertion. InvalidArgument: a bad filter, a negative limit or offset, distances included.
  Result<GetResult> Get(const GetRequest& request = {}) const;

  // The first `limit` records with everything but uris.
  Result<GetResult> Peek(int64_t limit = 10) const;

  // The nearest records, per query; ties in order of insertion. InvalidArgument: a bad filter, n_results under 1, a
  // dimension other than the collection's, or both embeddings and texts. No queries give no results.
  Result<QueryResult> Query(const QueryRequest& request) const;

  // Live records.
  Result<int64_t> Count() const;

  // Those that satisfy both filters, which mean what they do in a GetRequest. Costs what finding them costs; none is
  // read but documents that a condition needs. InvalidArgument: a bad filter.
  Result<int64_t> Count(const Filter& where, const Filter& where_document = {}) const;

  // What the catalogue says now.
  Result<CollectionInfo> Info() const;

  // AlreadyExists: the new name is taken. InvalidArgument: a bad name, metadata or bound.
  Status Modify(const CollectionChanges& changes);

  const std::string& id() const { return id_; }  // UUID

 private:
  friend class Client;
  Collection(std::shared_ptr<Instance> instance, std::string id,
             std::shared_ptr<const EmbeddingFunction> embedding_function)
      : instance_(std::move(instance)), id_(std::move(id)), embedding_function_(std::move(embedding_function)) {}

  std::shared_ptr<Instance> instance_;
  std::string id_;
  std::shared_ptr<const EmbeddingFunction> embedding_function_;  // null: none
};

}  // namespace ochre

#endif  // OCHRE_COLLECTION_H_
