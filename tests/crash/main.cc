// Runs the tests, or, in a child process that one of them started, what its first argument asks for.
#include <gtest/gtest.h>

#include <string_view>

#include "tests/crash/batch_writer.h"
#include "tests/crash/small_disk.h"

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == ochre::kBatchWriterArgument) return ochre::RunBatchWriter(argc, argv);
  if (argc > 1 && argv[1] == ochre::kSmallDiskArgument && !ochre::EnterSmallDisk()) return ochre::kNoSmallDisk;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
