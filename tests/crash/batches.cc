#include "tests/crash/batches.h"

#include <algorithm>
#include <random>
#include <set>

namespace ochre {
namespace {

constexpr int64_t kDocumentBytesMax = 400;

}  // namespace

std::string IdPrefix(int writer) { return "w" + std::to_string(writer) + "-"; }

Batch MakeBatch(uint64_t seed, int writer, int64_t number, int64_t id_count, int64_t records_max) {
  std::seed_seq seeds = {seed, static_cast<uint64_t>(writer), static_cast<uint64_t>(number)};
  std::mt19937_64 engine(seeds);
  const auto draw = [&engine](int64_t max) {  // in [0, max]
    return static_cast<int64_t>(engine() % static_cast<uint64_t>(max + 1));
  };
  // Half of the batches are small, as a chat's or a crawler's are.
  const int64_t size = 1 + draw(draw(1) == 0 ? std::min<int64_t>(7, records_max - 1) : records_max - 1);
  std::set<std::string> ids;
  for (int64_t i = 0; i < size; ++i) ids.insert(IdPrefix(writer) + std::to_string(draw(id_count - 1)));

  Batch batch;
  constexpr Batch::Kind kKinds[] = {Batch::Kind::kAdd,    Batch::Kind::kAdd,    Batch::Kind::kUpsert,
                                    Batch::Kind::kUpsert, Batch::Kind::kUpdate, Batch::Kind::kDelete};
  batch.kind = kKinds[draw(5)];
  batch.ids.assign(ids.begin(), ids.end());
  if (batch.kind == Batch::Kind::kDelete) return batch;
  for (size_t i = 0; i < batch.ids.size(); ++i) {
    for (int32_t d = 0; d < kBatchDimension; ++d) batch.embeddings.push_back(static_cast<float>(draw(2'000)) / 100);
    batch.embedding_given.push_back(batch.kind != Batch::Kind::kUpdate || draw(1) == 0 ? 1 : 0);
    if (draw(3) == 0) {
      batch.documents.emplace_back(std::nullopt);
    } else {
      std::string document = "batch " + std::to_string(number) + " ";
      document.append(static_cast<size_t>(draw(kDocumentBytesMax)), static_cast<char>('a' + draw(25)));
      batch.documents.emplace_back(std::move(document));
    }
    batch.metadatas.push_back({{"writer", writer}, {"batch", number}, {"k" + std::to_string(draw(3)), draw(9)}});
  }
  return batch;
}

Status Batch::WriteTo(Collection& collection) const {
  const Records records = {.ids = ids,
                           .embeddings = {embeddings, kBatchDimension},
                           .embedding_given = {},
                           .documents = documents,
                           .metadatas = metadatas};
  switch (kind) {
    case Kind::kAdd:
      return collection.Add(records).status();
    case Kind::kUpsert:
      return collection.Upsert(records).status();
    case Kind::kUpdate: {
      Records update = records;
      update.embedding_given = embedding_given;
      return collection.Update(update).status();
    }
    case Kind::kDelete:
      return collection.Delete({.ids = ids}).status();
  }
  return Status::Internal("no such kind of batch");
}

void ExpectedRecords::Apply(const Batch& batch) {
  for (size_t i = 0; i < batch.ids.size(); ++i) {
    const auto found = records_.find(batch.ids[i]);
    const bool exists = found != records_.end();
    if (batch.kind == Batch::Kind::kDelete) {
      if (exists) records_.erase(found);
      continue;
    }
    if (exists ? batch.kind == Batch::Kind::kAdd : batch.kind == Batch::Kind::kUpdate) continue;
    Record& record = records_[batch.ids[i]];
    if (!exists) record.order = next_order_++;
    if (batch.embedding_given[i] != 0) {
      const auto begin = batch.embeddings.begin() + static_cast<int64_t>(i) * kBatchDimension;
      record.embedding.assign(begin, begin + kBatchDimension);
    }
    if (batch.documents[i].has_value()) record.document = batch.documents[i];
    for (const auto& [key, value] : batch.metadatas[i]) record.metadata[key] = value;
  }
}

std::vector<std::string> ExpectedRecords::IdsInOrder() const {
  std::vector<std::pair<uint64_t, std::string>> ordered;
  for (const auto& [id, record] : records_) ordered.emplace_back(record.order, id);
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::string> ids;
  for (auto& [order, id] : ordered) ids.push_back(std::move(id));
  return ids;
}

}  // namespace ochre
