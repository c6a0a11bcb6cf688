// Runs the tests, or, in a child process that one of them started, what its first argument asks for.
#include <gtest/gtest.h>

#include <string_view>

#include "tests/faults/campaign.h"

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == ochre::kDriverArgument) return ochre::RunDriver(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
