// What the C API costs on top of the C++ one: the same query of one vector through both. Their difference is to stay
// under 2 us at the median; run with --benchmark_repetitions=9 --benchmark_enable_random_interleaving.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "ochre/c.h"
#include "ochre/ochre.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 100;
constexpr int64_t kRows = 5'000;
constexpr int64_t kResults = 10;

std::vector<float> RandomRows(int64_t rows) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(rows * kDimension));
  for (float& value : values) value = normal(random);
  return values;
}

ochre_string Text(const std::string& text) { return {text.data(), static_cast<int64_t>(text.size())}; }

// One database in memory, compacted, for the C API, and the same records in another for the C++ one.
struct Databases {
  Databases() : rows(RandomRows(kRows)), client(*Client::InMemory()), collection(*client->CreateCollection("bench")) {
    std::vector<std::string> ids;
    std::vector<ochre_string> id_texts;
    for (int64_t i = 0; i < kRows; ++i) ids.push_back(std::to_string(i));
    for (const std::string& id : ids) id_texts.push_back(Text(id));
    if (!collection.Add({.ids = ids, .embeddings = {rows, kDimension}}).ok()) std::abort();
    if (!client->Compact(collection).ok()) std::abort();

    if (ochre_client_in_memory(nullptr, &c_client, nullptr) != OCHRE_OK) std::abort();
    if (ochre_client_create_collection(c_client, Text("bench"), nullptr, &c_collection, nullptr) != OCHRE_OK) {
      std::abort();
    }
    ochre_string_column id_column = {};
    id_column.count = kRows;
    id_column.strings = id_texts.data();
    ochre_matrix matrix = {};
    matrix.data = rows.data();
    matrix.rows = kRows;
    matrix.columns = kDimension;
    ochre_records records;
    ochre_records_init(&records, sizeof(records));
    records.ids = &id_column;
    records.embeddings = &matrix;
    if (ochre_collection_add(c_collection, &records, nullptr, nullptr) != OCHRE_OK) std::abort();
    if (ochre_collection_compact(c_collection, nullptr) != OCHRE_OK) std::abort();
  }

  std::vector<float> rows;
  std::unique_ptr<Client> client;
  Collection collection;
  ochre_client* c_client = nullptr;
  ochre_collection* c_collection = nullptr;
};

Databases& Shared() {
  static Databases databases;
  return databases;
}

void BM_QueryThroughCpp(benchmark::State& state) {
  Databases& databases = Shared();
  int64_t row = 0;
  for (auto _ : state) {
    const float* query = databases.rows.data() + row * kDimension;
    row = (row + 1) % kRows;
    auto result =
        databases.collection.Query({.embeddings = {std::span(query, kDimension), kDimension}, .n_results = kResults});
    benchmark::DoNotOptimize(result->distances->data());
  }
}
BENCHMARK(BM_QueryThroughCpp)->Unit(benchmark::kMicrosecond);

void BM_QueryThroughC(benchmark::State& state) {
  Databases& databases = Shared();
  int64_t row = 0;
  for (auto _ : state) {
    ochre_matrix matrix = {};
    matrix.data = databases.rows.data() + row * kDimension;
    matrix.rows = 1;
    matrix.columns = kDimension;
    row = (row + 1) % kRows;
    ochre_query_options options;
    ochre_query_options_init(&options, sizeof(options));
    options.embeddings = &matrix;
    options.n_results = kResults;
    ochre_result* result = nullptr;
    if (ochre_collection_query(databases.c_collection, &options, &result, nullptr) != OCHRE_OK) std::abort();
    benchmark::DoNotOptimize(ochre_result_distances(result));
    ochre_string_column ids;
    if (ochre_result_strings(result, OCHRE_COLUMN_IDS, &ids, nullptr) != OCHRE_OK) std::abort();
    benchmark::DoNotOptimize(ids.offsets64);
    ochre_result_free(result);
  }
}
BENCHMARK(BM_QueryThroughC)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ochre
