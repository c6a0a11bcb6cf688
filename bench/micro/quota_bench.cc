// What quotas cost: calls in memory without them, and with all of the cloud preset's that the calls keep. The checks
// alone come first; off they are to be lost in the noise of the calls that follow.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "gateway/call_limiter.h"
#include "gateway/quota.h"
#include "ochre/ochre.h"

namespace ochre {
namespace {

constexpr int64_t kDimension = 100;
constexpr int64_t kRows = 300;  // the preset's largest write

struct Batch {
  Batch() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    values.resize(kRows * kDimension);
    for (float& value : values) value = normal(random);
    for (int64_t i = 0; i < kRows; ++i) {
      ids.push_back("record " + std::to_string(i));
      documents.push_back("a document about number " + std::to_string(i));
      metadatas.push_back({{"number", i}, {"name", "n"}, {"even", i % 2 == 0}});
    }
  }
  Records records() const {
    return {.ids = ids, .embeddings = {values, kDimension}, .documents = documents, .metadatas = metadatas};
  }

  std::vector<std::string> ids, documents;
  std::vector<float> values;
  std::vector<Metadata> metadatas;
};

Quotas QuotasOf(const benchmark::State& state) { return state.range(0) == 0 ? Quotas() : Quotas::ChromaCloud(); }

void BM_ChecksOfAQuery(benchmark::State& state) {
  const Quotas quotas = QuotasOf(state);
  CallLimiter calls(quotas);
  const std::vector<float> query(kDimension);
  const QueryRequest request = {.embeddings = {query, kDimension}, .where = Key("number") >= 7 && Key("even") == true};
  for (auto _ : state) {
    if (!CheckQuery(quotas, request).ok()) std::abort();
    const auto permit = calls.Enter({}, QuotaAction::kQuery, 0);
    benchmark::DoNotOptimize(permit.ok());
  }
}

void BM_ChecksOfAWriteOf300(benchmark::State& state) {
  const Quotas quotas = QuotasOf(state);
  const Batch batch;
  const Records records = batch.records();
  for (auto _ : state) {
    if (!CheckRecords(quotas, OperationKind::kAdd, records).ok()) std::abort();
  }
}

void BM_Query(benchmark::State& state) {
  const auto client = *Client::InMemory({.quotas = QuotasOf(state)});
  Collection collection = *client->CreateCollection("bench");
  const Batch batch;
  if (!collection.Add(batch.records()).ok()) std::abort();
  const std::vector<float> query(batch.values.begin(), batch.values.begin() + kDimension);
  for (auto _ : state) {
    const auto result = collection.Query({.embeddings = {query, kDimension}});
    if (!result.ok()) std::abort();
  }
}

void BM_UpsertOf300(benchmark::State& state) {
  const auto client = *Client::InMemory({.quotas = QuotasOf(state)});
  Collection collection = *client->CreateCollection("bench");
  const Batch batch;
  for (auto _ : state) {
    if (!collection.Upsert(batch.records()).ok()) std::abort();
  }
}

BENCHMARK(BM_ChecksOfAQuery)->ArgName("on")->Arg(0)->Arg(1);
BENCHMARK(BM_ChecksOfAWriteOf300)->ArgName("on")->Arg(0)->Arg(1);
BENCHMARK(BM_Query)->ArgName("on")->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK(BM_UpsertOf300)->ArgName("on")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace ochre
