#include "server/spare_bodies.h"

#include <gtest/gtest.h>

#include <string>

namespace ochre {
namespace {

TEST(SpareBodiesTest, GivesBackTheMemoryOfWhatWasKept) {
  SpareBodies bodies;
  EXPECT_EQ(bodies.Take(), "");
  std::string body(100'000, 'x');
  const char* const memory = body.data();
  bodies.Keep(std::move(body));
  EXPECT_EQ(bodies.Take().data(), memory);
  EXPECT_EQ(bodies.Take(), "") << "each is given once";
}

TEST(SpareBodiesTest, KeepsNoMoreThanItsBytes) {
  SpareBodies bodies;
  bodies.Keep(std::string(SpareBodies::kBytesMax + 1, 'x'));
  EXPECT_EQ(bodies.Take(), "");
  constexpr size_t kThird = SpareBodies::kBytesMax / 3;
  for (int i = 0; i < 10; ++i) bodies.Keep(std::string(kThird, 'x'));
  int kept = 0;
  while (!bodies.Take().empty()) ++kept;
  EXPECT_EQ(kept, 3);
  bodies.Keep(std::string(kThird, 'x'));
  EXPECT_EQ(bodies.Take().size(), kThird) << "what has been taken leaves room";
}

}  // namespace
}  // namespace ochre
