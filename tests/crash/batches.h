// Batches: what each writer writes, batch by batch, as a function of numbers alone, and what must come of it.
#ifndef OCHRE_TESTS_CRASH_BATCHES_H_
#define OCHRE_TESTS_CRASH_BATCHES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ochre/ochre.h"

namespace ochre {

inline constexpr int32_t kBatchDimension = 4;

// One batch of one writer. Writers use ids of their own, so that what a writer's records are depends on its batches
// alone.
struct Batch {
  enum class Kind { kAdd, kUpdate, kUpsert, kDelete };

  Kind kind = Kind::kAdd;
  std::vector<std::string> ids;
  std::vector<float> embeddings;
  std::vector<uint8_t> embedding_given;
  std::vector<std::optional<std::string>> documents;
  std::vector<Metadata> metadatas;

  // Writes it to `collection`.
  Status WriteTo(Collection& collection) const;
};

// Batch `number` (from 0 on) of writer `writer`: up to `records_max` records among `id_count` ids.
Batch MakeBatch(uint64_t seed, int writer, int64_t number, int64_t id_count, int64_t records_max);

// "w<writer>-", which the ids of that writer begin with.
std::string IdPrefix(int writer);

// The records of one writer, as they must be after its batches.
class ExpectedRecords {
 public:
  struct Record {
    uint64_t order = 0;  // of insertion
    std::vector<float> embedding;
    std::optional<std::string> document;
    Metadata metadata;

    friend bool operator==(const Record&, const Record&) = default;
  };

  void Apply(const Batch& batch);

  const std::map<std::string, Record>& records() const { return records_; }
  // The ids in order of insertion.
  std::vector<std::string> IdsInOrder() const;

 private:
  std::map<std::string, Record> records_;
  uint64_t next_order_ = 0;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_CRASH_BATCHES_H_
