// What the benchmarks of graphs have in common: data, codes, time.
#ifndef OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_DATA_H_
#define OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_DATA_H_

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "distance/codes.h"
#include "distance/neighbor.h"
#include "storage/huge_buffer.h"
#include "tests/distance/aligned_rows.h"

namespace ochre {

inline constexpr int64_t kQueryCount = 1000;

struct DataSet {
  std::string name;
  int32_t dimension = 0;
  std::vector<float> rows;
  std::vector<float> queries;
};

// Clusters in 32 latent dimensions, mapped linearly, plus noise: easier than most real data.
inline DataSet Synthetic(int64_t row_count, int32_t dimension) {
  constexpr size_t kClusters = 500, kLatent = 32;
  const auto width = static_cast<size_t>(dimension);
  const std::vector<float> centres = RandomFloats(kClusters * kLatent, /*seed=*/1);
  const std::vector<float> map = RandomFloats(width * kLatent, /*seed=*/2);
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> matrix;
  for (int64_t i = 0; i < row_count + kQueryCount; ++i) {
    float latent[kLatent];
    const size_t centre = random() % kClusters;
    for (size_t j = 0; j < kLatent; ++j) latent[j] = centres[centre * kLatent + j] + normal(random);
    for (size_t d = 0; d < width; ++d) {
      float value = 0.5f * normal(random);
      for (size_t j = 0; j < kLatent; ++j) value += map[d * kLatent + j] * latent[j];
      matrix.push_back(value);
    }
  }
  const auto first_query = matrix.begin() + row_count * dimension;
  return {.name = "synthetic, 500 clusters in 32 latent dimensions",
          .dimension = dimension,
          .rows = std::vector<float>(matrix.begin(), first_query),
          .queries = std::vector<float>(first_query, matrix.end())};
}

// The last kQueryCount rows of the file are the queries.
inline DataSet FromFvecs(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<float> matrix;
  int32_t dimension = 0;
  for (int32_t next = 0; file.read(reinterpret_cast<char*>(&next), sizeof(next));) {
    if (next < 1 || (dimension != 0 && next != dimension)) std::exit((std::perror("not an fvecs file"), 1));
    dimension = next;
    const size_t size = matrix.size();
    matrix.resize(size + static_cast<size_t>(dimension));
    file.read(reinterpret_cast<char*>(matrix.data() + size), dimension * static_cast<int64_t>(sizeof(float)));
  }
  if (static_cast<int64_t>(matrix.size()) <= 2 * kQueryCount * dimension) {
    std::fprintf(stderr, "%s: too few vectors\n", path.c_str());
    std::exit(1);
  }
  const auto first_query = matrix.end() - kQueryCount * dimension;
  return {.name = path,
          .dimension = dimension,
          .rows = std::vector<float>(matrix.begin(), first_query),
          .queries = std::vector<float>(first_query, matrix.end())};
}

inline double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline std::vector<uint32_t> Ordinals(const std::vector<Neighbor>& neighbors) {
  std::vector<uint32_t> ordinals;
  for (const Neighbor& neighbor : neighbors) ordinals.push_back(neighbor.ordinal);
  return ordinals;
}

// Codes of all rows in large pages, as a segment serves them.
struct ServedCodes {
  ServedCodes(const RowsSpan& rows, Quantization quantization)
      : quantizer(Quantizer::Train(Space::kL2, quantization, rows)),
        buffer(static_cast<size_t>(quantizer.stride() * rows.row_count)),
        codes{buffer.bytes().data(), rows.row_count, rows.dimension, quantization} {
    CodeBounds bounds;
    for (int64_t i = 0; i < rows.row_count; ++i) {
      if (!quantizer.Encode(rows.Row(i), buffer.bytes().data() + i * quantizer.stride(), &bounds)) std::abort();
    }
  }
  Quantizer quantizer;
  HugeBuffer buffer;
  CodesSpan codes;
};

// Calls run(data) with what the command line and the environment say; the program's exit code.
template <typename Run>
int RunWithData(int argc, char** argv, int64_t row_count, const Run& run) {
  if (const char* path = std::getenv("OCHRE_BENCH_FVECS"); path != nullptr) {
    run(FromFvecs(path));
    return 0;
  }
  if (argc > 1) row_count = std::atoll(argv[1]);
  const int32_t dimension = argc > 2 ? std::atoi(argv[2]) : 100;
  if (row_count < kQueryCount || dimension < 1) {
    std::fprintf(stderr, "usage: %s [rows, at least 1000] [dimension]\n", argv[0]);
    return 1;
  }
  run(Synthetic(row_count, dimension));
  return 0;
}

}  // namespace ochre

#endif  // OCHRE_BENCH_WORKLOAD_GRAPH_BENCH_DATA_H_
