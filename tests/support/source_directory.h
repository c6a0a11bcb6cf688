// Where the sources are that this test program was built from, for tests that read files among them.
#ifndef OCHRE_TESTS_SUPPORT_SOURCE_DIRECTORY_H_
#define OCHRE_TESTS_SUPPORT_SOURCE_DIRECTORY_H_

#include <filesystem>

namespace ochre::testing_support {

std::filesystem::path SourceDirectory();

}  // namespace ochre::testing_support

#endif  // OCHRE_TESTS_SUPPORT_SOURCE_DIRECTORY_H_
