// A libFuzzer program of one target: CMakeLists.txt says which. What it finds goes into the target's corpus folder,
// where parsers_test.cc runs it from then on.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ochre::OCHRE_FUZZ_TARGET(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
