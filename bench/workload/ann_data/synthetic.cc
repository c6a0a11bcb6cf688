#include "bench/workload/ann_data/synthetic.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace ochre {
namespace {

constexpr size_t kHiddenUnits = 128;
constexpr float kSpread = 0.5f;  // of a cluster, beside 1 for that of the centres: neighbours are mostly of one cluster
constexpr float kNoise =
    0.02f;  // beside outputs of about 0.6: a twentieth of it, as if the embedding were a little off

std::vector<float> Normals(size_t count, float deviation, std::mt19937_64& random) {
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// output += weights^T x input, weights of shape (input_size, output_size).
void AddProduct(const std::vector<float>& input, const std::vector<float>& weights, float* output, size_t output_size) {
  for (size_t i = 0; i < input.size(); ++i) {
    const float* row = weights.data() + i * output_size;
    for (size_t o = 0; o < output_size; ++o) output[o] += input[i] * row[o];
  }
}

}  // namespace

Matrix SyntheticRows(const SyntheticOptions& options) {
  const auto latent = static_cast<size_t>(options.latent_dimensions);
  const auto dimension = static_cast<size_t>(options.dimension);
  const auto cluster_count = static_cast<size_t>(options.cluster_count);
  std::mt19937_64 random(options.seed);
  const std::vector<float> centres = Normals(cluster_count * latent, 1, random);
  // Scaled so that a layer's outputs have about the size of its inputs.
  const std::vector<float> first_layer =
      Normals(latent * kHiddenUnits, 1 / std::sqrt(static_cast<float>(latent)), random);
  const std::vector<float> second_layer =
      Normals(kHiddenUnits * dimension, 1 / std::sqrt(static_cast<float>(kHiddenUnits)), random);

  Matrix rows = {.values = Normals(static_cast<size_t>(options.row_count) * dimension, kNoise, random),
                 .columns = options.dimension};
  for (size_t row = 0; row < static_cast<size_t>(options.row_count); ++row) {
    std::vector<float> point = Normals(latent, kSpread, random);
    const float* centre = centres.data() + (random() % cluster_count) * latent;
    for (size_t i = 0; i < latent; ++i) point[i] += centre[i];
    std::vector<float> hidden(kHiddenUnits);
    AddProduct(point, first_layer, hidden.data(), kHiddenUnits);
    for (float& value : hidden) value = std::tanh(value);
    AddProduct(hidden, second_layer, rows.values.data() + row * dimension, dimension);
  }
  return rows;
}

}  // namespace ochre
