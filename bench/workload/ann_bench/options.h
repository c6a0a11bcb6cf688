// The command line of ochre_ann_bench.
#ifndef OCHRE_BENCH_WORKLOAD_ANN_BENCH_OPTIONS_H_
#define OCHRE_BENCH_WORKLOAD_ANN_BENCH_OPTIONS_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ochre/options.h"
#include "ochre/status.h"

namespace ochre {

struct BenchOptions {
  std::filesystem::path base;
  std::filesystem::path queries;
  std::filesystem::path truth;  // empty: a name beside `base`
  Space space = Space::kL2;
  int64_t k = 10;
  int32_t threads = 1;
  std::vector<std::string> peers;
  std::vector<double> filter_selectivities;  // parts of 1
  std::filesystem::path json;                // empty: none
  std::filesystem::path svg;                 // likewise
  bool avx2 = false;
  Quantization quantization = Quantization::kInt8;
  int32_t max_neighbors = 16;
  int32_t ef_construction = 200;
  int32_t rounds = 3;
  bool quick = false;
  bool reuse = false;
  std::filesystem::path work;  // empty: a folder beside `base`
  std::string probe;           // the engine whose index this process opens, and nothing else (probe.h)
};

// What ochre_ann_bench takes.
extern const char* const kUsage;

// InvalidArgument names what is wrong.
Result<BenchOptions> ParseOptions(std::span<const std::string> arguments);

// "l2", "cosine", "ip"; "none", "int8", "lvq4".
std::string NameOf(Space space);
std::string NameOf(Quantization quantization);

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_ANN_BENCH_OPTIONS_H_
