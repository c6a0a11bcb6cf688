// How a database is opened and how a collection is configured.
#ifndef OCHRE_OPTIONS_H_
#define OCHRE_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "ochre/export.h"
#include "ochre/metadata.h"
#include "ochre/quotas.h"

namespace ochre {

class EmbeddingFunction;

// What "near" means. A distance is better when smaller.
enum class Space : uint8_t {
  kL2 = 0,            // squared Euclidean distance, in [0, inf)
  kCosine = 1,        // 1 - cos, in [0, 2]; a zero vector is at distance 1 from everything
  kInnerProduct = 2,  // 1 - dot product, in (-inf, inf)
};

// How far an acknowledged write has got when the call returns.
enum class Durability : uint8_t {
  kNone = 0,    // in the operating system's hands: survives a crash of the process, an outage may damage the log
  kNormal = 1,  // survives a crash of the process; an outage may lose the last writes, never damages the log
  kFull = 2,    // on disk (one fsync for each group of concurrent writes): survives an outage too
  kMemory = 3,  // Client::InMemory(): lives as long as the client
};

// What a graph search reads of each vector until it re-ranks the nearest ones by their float32 values. Results carry
// exact distances in every case.
enum class Quantization : uint8_t {
  kNone = 0,  // the float32 values themselves: 4 bytes a dimension
  kInt8 = 1,  // 1 byte a dimension: faster, and about as good to search by
  kLvq4 = 2,  // half a byte a dimension: the smallest; best from some 256 dimensions on
};

// Options of Client::Open. The defaults suit an application; each field says what it trades.
struct ClientOptions {
  Durability durability = Durability::kFull;

  // Fails with NotFound instead of creating a database where there is none.
  bool create_if_missing = true;

  // Threads that build index segments in the background; 0 means cores - 1, at least 1.
  int32_t compaction_threads = 0;

  // A collection is compacted when its tail (what the log holds and no segment does yet) reaches either bound. A tail
  // is searched by brute force: these keep that under about a millisecond a query.
  int64_t tail_records_max = 30'000;
  int64_t tail_bytes_max = 8 << 20;

  // A tail of at least this many records is also compacted once it is this old, so that a busy-then-quiet collection
  // is indexed in the end. Smaller tails stay in the log for good: many small collections stay cheap.
  int64_t aged_tail_records_min = 2'000;
  int64_t aged_tail_seconds = 30;

  // Writers are slowed down from this many bytes of tail on, and wait for the compactor at twice as many.
  int64_t tail_bytes_slowdown = int64_t{512} << 20;

  // False: instead of waiting they are refused with ResourceExhausted, "Backoff and retry: ...".
  bool writers_wait = true;

  // Limits to what calls may ask for. All off: Ochre has hardly any limits of its own.
  Quotas quotas = {};
};

// Parameters of a collection's vector index, with the names and defaults of Chroma's configuration.
struct HnswConfiguration {
  Space space = Space::kL2;  // cannot be changed later
  // Each at least 1. Any number is stored, as Chroma does; of max_neighbors at least 2 and at most 512 are used, of the
  // candidates at most 10'000 (CollectionStats).
  int32_t max_neighbors = 16;     // M: links per node; layer 0 has twice as many (Malkov & Yashunin 2016)
  int32_t ef_construction = 100;  // candidates kept while inserting: larger is slower, better recall
  int32_t ef_search = 100;        // candidates kept while searching: larger is slower, better recall

  int32_t num_threads = 0;                          // accepted for compatibility; 0 means all cores
  double resize_factor = 1.2;                       // accepted for compatibility
  int64_t batch_size = 100;                         // accepted for compatibility, at least 2
  int64_t sync_threshold = 1000;                    // accepted for compatibility, at least 2
  Quantization quantization = Quantization::kInt8;  // Ochre's own; cannot be changed later

  friend bool operator==(const HnswConfiguration&, const HnswConfiguration&) = default;
};

// Options of Client::CreateCollection and GetOrCreateCollection; flat, so that {.space = Space::kCosine} reads well.
struct CollectionOptions {
  Space space = Space::kL2;
  int32_t max_neighbors = 16;
  int32_t ef_construction = 100;
  int32_t ef_search = 100;
  Quantization quantization = Quantization::kInt8;

  // Absent when empty. "hnsw:space" and its like are honoured when the fields above are all defaults.
  Metadata metadata = {};

  // Embeds documents and query texts. Its name and configuration are stored with the collection.
  std::shared_ptr<const EmbeddingFunction> embedding_function = nullptr;
};

}  // namespace ochre

#endif  // OCHRE_OPTIONS_H_
