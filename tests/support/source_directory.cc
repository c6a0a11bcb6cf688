#include "tests/support/source_directory.h"

namespace ochre::testing_support {

std::filesystem::path SourceDirectory() { return OCHRE_SOURCE_DIR; }

}  // namespace ochre::testing_support
