#include "runtime/random.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ochre {
namespace {

// There is no seed to fix: names must differ between processes. What can be said of every one of them is tested.
TEST(RandomUuidTest, IsOfVersion4AndVariant1) {
  for (int i = 0; i < 1'000; ++i) {
    const Uuid uuid = RandomUuid();
    EXPECT_EQ(uuid.bytes[6] >> 4, 4) << uuid.ToString();
    EXPECT_EQ(uuid.bytes[8] >> 6, 2) << uuid.ToString();
  }
}

TEST(RandomUuidTest, NoTwoAreTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(RandomUuid().ToString());
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(RandomUuidTest, EveryBitThatIsFreeTakesBothValues) {
  Uuid all_or, all_and;
  all_and.bytes.fill(0xff);
  for (int i = 0; i < 200; ++i) {  // a bit that is free stays the same with a probability of 2^-199
    const Uuid uuid = RandomUuid();
    for (size_t b = 0; b < uuid.bytes.size(); ++b) {
      all_or.bytes[b] |= uuid.bytes[b];
      all_and.bytes[b] &= uuid.bytes[b];
    }
  }
  for (size_t b = 0; b < all_or.bytes.size(); ++b) {
    const int fixed = b == 6 ? 0xf0 : b == 8 ? 0xc0 : 0;
    EXPECT_EQ((all_or.bytes[b] ^ all_and.bytes[b]) | fixed, 0xff) << "byte " << b;
  }
}

}  // namespace
}  // namespace ochre
