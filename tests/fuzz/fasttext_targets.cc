// The model files of fastText, which trusts every length in them: what is let through is whole.
#include <string>
#include <string_view>

#include "embedding/fasttext_model_file.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/fuzz/memory_file.h"

namespace ochre {
namespace {

bool IsModel(std::string_view bytes) {
  const Status status = CheckFastTextModel(MemoryFileOf(bytes));
  Require(status.ok() || status.code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", bytes);
  return status.ok();
}

}  // namespace

void FuzzFasttextFile(std::string_view input) {
  if (!IsModel(input)) return;
  Require(!IsModel(input.substr(0, input.size() - 1)), "a model that was cut is refused", input);
  Require(!IsModel(std::string(input) + '\0'), "a model with something behind it is refused", input);
}

}  // namespace ochre
