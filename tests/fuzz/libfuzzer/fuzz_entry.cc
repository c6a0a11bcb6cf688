// A libFuzzer program of one target of fuzz_targets.h. No part of the build, as it needs clang; from the repository's
// root, for FuzzFilterJson (the others: FuzzMetadataJson, FuzzConfigurationJson, FuzzOperationBatch):
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -DOCHRE_FUZZ_TARGET=FuzzFilterJson
//     -Iinclude -Isrc -I. tests/fuzz/libfuzzer/fuzz_entry.cc src/types/*.cc src/plan/*.cc src/gateway/validate*.cc
//     -lre2 -lutf8proc -o fuzz_filter_json
//   ./fuzz_filter_json new_corpus tests/fuzz/corpus/filter_json
//
// What it finds goes into the corpus folder, where parsers_test.cc runs it from then on.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_targets.h"
#ifdef OCHRE_HAS_SERVER
#include "tests/fuzz/http_targets.h"  // FuzzHttpHead, FuzzChunkedBody, FuzzGunzip, FuzzBase64, FuzzWriteBody, FuzzReadBody
#endif

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ochre::OCHRE_FUZZ_TARGET(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
