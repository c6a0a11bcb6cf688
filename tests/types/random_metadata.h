// RandomMetadata: maps of every value type for tests, from a seeded generator.
#ifndef OCHRE_TESTS_TYPES_RANDOM_METADATA_H_
#define OCHRE_TESTS_TYPES_RANDOM_METADATA_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ochre/metadata.h"

namespace ochre {

using RandomEngine = std::mt19937_64;

// In [0, bound); the standard's distributions differ between libraries.
inline uint64_t RandomBelow(RandomEngine& random, uint64_t bound) { return random() % bound; }

inline std::string RandomText(RandomEngine& random, size_t size_max) {
  static const std::vector<std::string> kPieces = {"a", "b", "Z", "0", " ", "é", "漢", "🙂", "\"", "\\", "\n", "$"};
  std::string text;
  const size_t count = RandomBelow(random, size_max + 1);
  for (size_t i = 0; i < count; ++i) text += kPieces[RandomBelow(random, kPieces.size())];
  return text;
}

inline double RandomDouble(RandomEngine& random) {
  return static_cast<double>(static_cast<int64_t>(random())) / 1024.0;  // 1024: most have a fraction
}

inline SparseVector RandomSparseVector(RandomEngine& random) {
  SparseVector vector;
  uint32_t index = 0;
  const size_t count = RandomBelow(random, 6);
  const bool tokens = RandomBelow(random, 2) == 0;
  for (size_t i = 0; i < count; ++i) {
    index += 1 + static_cast<uint32_t>(RandomBelow(random, 700'000'000));
    vector.indices.push_back(index);
    vector.values.push_back(static_cast<float>(RandomBelow(random, 1000)) / 8);
    if (tokens) vector.tokens.push_back(RandomText(random, 4));
  }
  return vector;
}

// Any type but null; arrays are not empty.
inline MetadataValue RandomMetadataValue(RandomEngine& random) {
  const size_t count = 1 + RandomBelow(random, 4);
  switch (RandomBelow(random, 9)) {
    case 0:
      return RandomBelow(random, 2) == 0;
    case 1:
      return static_cast<int64_t>(random());
    case 2:
      return RandomDouble(random);
    case 3:
      return RandomText(random, 12);
    case 4:
      return RandomSparseVector(random);
    case 5: {
      std::vector<bool> values;
      for (size_t i = 0; i < count; ++i) values.push_back(RandomBelow(random, 2) == 0);
      return values;
    }
    case 6: {
      std::vector<int64_t> values;
      for (size_t i = 0; i < count; ++i) values.push_back(static_cast<int64_t>(random()));
      return values;
    }
    case 7: {
      std::vector<double> values;
      for (size_t i = 0; i < count; ++i) values.push_back(RandomDouble(random));
      return values;
    }
    default: {
      std::vector<std::string> values;
      for (size_t i = 0; i < count; ++i) values.push_back(RandomText(random, 5));
      return values;
    }
  }
}

inline Metadata RandomMetadata(RandomEngine& random) {
  Metadata metadata;
  const size_t count = RandomBelow(random, 6);
  for (size_t i = 0; i < count; ++i) metadata["k" + RandomText(random, 3)] = RandomMetadataValue(random);
  return metadata;
}

}  // namespace ochre

#endif  // OCHRE_TESTS_TYPES_RANDOM_METADATA_H_
