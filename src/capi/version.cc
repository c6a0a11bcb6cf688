// What the running library is and can do.
#include <algorithm>
#include <array>
#include <string_view>

#include "ochre/c.h"
#include "ochre/client.h"

namespace ochre {
namespace {

constexpr std::array<std::string_view, 9> kFeatures = {
    "arrow_export",      "arrow_import", "check",      "deadline",  "embedding_callback",
    "embedding_hashing", "interrupt",    "matrix_f16", "matrix_i8",
};

static_assert(kVersion == "0.1.0" && OCHRE_VERSION_NUMBER == 1000);  // the macros of c.h say the same

}  // namespace
}  // namespace ochre

extern "C" {

int32_t ochre_version_number(void) { return OCHRE_VERSION_NUMBER; }

const char* ochre_version_string(void) { return ochre::kVersion.data(); }

int32_t ochre_has_feature(ochre_string name) {
  if (name.data == nullptr || name.size < 0) return 0;
  const std::string_view wanted(name.data, static_cast<size_t>(name.size));
  return std::find(ochre::kFeatures.begin(), ochre::kFeatures.end(), wanted) != ochre::kFeatures.end() ? 1 : 0;
}

}  // extern "C"
