// MemoryFileOf: an input as a file, for parsers that take a path.
#ifndef OCHRE_TESTS_FUZZ_MEMORY_FILE_H_
#define OCHRE_TESTS_FUZZ_MEMORY_FILE_H_

#include <string>
#include <string_view>

namespace ochre {

// The path of a file in memory that holds `input` until the next call. Ends the program if the system has no such file.
const std::string& MemoryFileOf(std::string_view input);

}  // namespace ochre

#endif  // OCHRE_TESTS_FUZZ_MEMORY_FILE_H_
