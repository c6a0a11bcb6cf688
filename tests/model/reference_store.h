// ReferenceStore: what a collection must do, written as plainly as possible: a list of records that every read scans.
#ifndef OCHRE_TESTS_MODEL_REFERENCE_STORE_H_
#define OCHRE_TESTS_MODEL_REFERENCE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "ochre/options.h"

namespace ochre {

struct ReferenceRecord {
  std::string id;
  std::vector<float> embedding;
  std::optional<std::string> document;
  std::optional<std::string> uri;
  Metadata metadata;
};

// What a write gives of one record; absent fields are not given.
struct ReferenceChange {
  std::string id;
  std::optional<std::vector<float>> embedding;
  std::optional<std::string> document;
  std::optional<std::string> uri;
  Metadata metadata;  // null values delete keys
};

struct ReferenceHit {
  const ReferenceRecord* record;
  float distance;
};

class ReferenceStore {
 public:
  explicit ReferenceStore(Space space) : space_(space) {}

  void Add(const ReferenceChange& change);
  void Update(const ReferenceChange& change);
  void Upsert(const ReferenceChange& change);

  // In order of insertion; `ids` absent means any.
  std::vector<const ReferenceRecord*> Select(const std::optional<std::vector<std::string>>& ids, const Filter& where,
                                             const Filter& where_document) const;
  std::vector<ReferenceHit> Nearest(const std::vector<float>& query, size_t n,
                                    const std::vector<const ReferenceRecord*>& candidates) const;
  void Delete(const std::vector<std::string>& ids);

  const std::vector<ReferenceRecord>& records() const { return records_; }

 private:
  ReferenceRecord* Find(const std::string& id);
  float Distance(const std::vector<float>& a, const std::vector<float>& b) const;

  Space space_;
  std::vector<ReferenceRecord> records_;  // in order of insertion
};

bool ReferenceHolds(const Filter& filter, const ReferenceRecord& record);

}  // namespace ochre

#endif  // OCHRE_TESTS_MODEL_REFERENCE_STORE_H_
