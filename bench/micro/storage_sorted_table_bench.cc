// Opening a sorted table and looking keys up in it.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>

#include "storage/memory_storage.h"
#include "storage/sorted_table.h"
#include "storage/verified_blob.h"

namespace ochre {
namespace {

constexpr int kKeys = 100'000;

std::string Key(int i) {
  char key[16];
  std::snprintf(key, sizeof(key), "%08d", i);
  return key;
}

// 100,000 keys of 8 bytes with values of 20.
struct Table {
  Table() {
    const auto writer = SortedTableWriter::Create(storage, "t.sst").value();
    for (int i = 0; i < kKeys; ++i) {
      if (!writer->Add(Key(2 * i), std::string(20, 'v')).ok()) std::abort();
    }
    blob = VerifiedBlob::Open(storage, writer->Finish().value()).value();
    table = SortedTable::Open(*blob).value();
  }
  MemoryStorage storage;
  std::unique_ptr<const VerifiedBlob> blob;
  std::unique_ptr<const SortedTable> table;
};

const Table& SharedTable() {
  static const Table* table = new Table;
  return *table;
}

void BM_OpenTable(benchmark::State& state) {
  const Table& table = SharedTable();
  for (auto _ : state) benchmark::DoNotOptimize(SortedTable::Open(*table.blob));
}
BENCHMARK(BM_OpenTable)->Unit(benchmark::kMicrosecond);

void BM_Find(benchmark::State& state) {
  const Table& table = SharedTable();
  const int missing = state.range(0) != 0 ? 1 : 0;
  std::string value;
  int i = 0;
  for (auto _ : state) {
    i = (i + 7'919) % kKeys;
    benchmark::DoNotOptimize(table.table->Find(Key(2 * i + missing), value));
  }
}
BENCHMARK(BM_Find)->ArgName("missing")->Arg(0)->Arg(1)->ThreadRange(1, 2);

void BM_WriteTable(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Table());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kKeys);
}
BENCHMARK(BM_WriteTable)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ochre
