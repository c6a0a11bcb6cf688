// RandomFilter: valid filters of every operator for tests, from a seeded generator, over few keys and values so that
// they match something.
#ifndef OCHRE_TESTS_PLAN_RANDOM_FILTER_H_
#define OCHRE_TESTS_PLAN_RANDOM_FILTER_H_

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ochre/filter.h"
#include "tests/types/random_metadata.h"

namespace ochre {

inline FilterScalar RandomFilterScalar(RandomEngine& random) {
  switch (RandomBelow(random, 4)) {
    case 0:
      return RandomBelow(random, 2) == 0;
    case 1:
      return static_cast<int64_t>(RandomBelow(random, 5)) - 2;
    case 2:
      return RandomDouble(random);
    default:
      return RandomText(random, 3);
  }
}

inline Filter RandomCondition(RandomEngine& random) {
  const Key key("k" + std::to_string(RandomBelow(random, 3)));
  const FilterScalar number = static_cast<double>(RandomBelow(random, 9)) / 2;
  switch (RandomBelow(random, 16)) {
    case 0:
      return key == RandomFilterScalar(random);
    case 1:
      return key != RandomFilterScalar(random);
    case 2:
      return key > number;
    case 3:
      return key >= number;
    case 4:
      return key < number;
    case 5:
      return key <= number;
    case 6:
      return key.In({1, number, 3});
    case 7:
      return key.NotIn({RandomText(random, 2), "b"});
    case 8:
      return key.Contains(RandomFilterScalar(random));
    case 9:
      return key.NotContains(RandomFilterScalar(random));
    case 10:
      return Document().Contains(RandomText(random, 2));
    case 11:
      return Document().NotContains(RandomText(random, 2));
    case 12:
      return Document().Matches("(?i)[ab]+z*");
    case 13:
      return Document().NotMatches("^a");
    case 14:
      return Id() == RandomText(random, 2);
    default:
      return Id().In({"a", RandomText(random, 2)});
  }
}

// At most `depth` operators deep; also operators of one operand and of none, as JSON may have them.
inline Filter RandomFilter(RandomEngine& random, int depth) {
  if (depth == 0 || RandomBelow(random, 4) == 0) return RandomCondition(random);
  const size_t count = RandomBelow(random, 4);
  std::string json = RandomBelow(random, 2) == 0 ? "{\"$and\":[" : "{\"$or\":[";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) json += ',';
    json += RandomFilter(random, depth - 1).ToJson();
  }
  return Filter::FromJson(json + "]}").value();
}

}  // namespace ochre

#endif  // OCHRE_TESTS_PLAN_RANDOM_FILTER_H_
