// The targets that are values: filters, metadata, configurations, batches of operations.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gateway/validate.h"
#include "gateway/validate_metadata.h"
#include "ochre/filter.h"
#include "ochre/metadata.h"
#include "plan/compiled_filter.h"
#include "tests/fuzz/fuzz_targets.h"
#include "types/collection_configuration.h"
#include "types/operation_batch.h"

namespace ochre {
namespace {

void FuzzFilter(const Result<Filter>& filter, std::string_view input) {
  if (!filter.ok()) {
    Require(filter.status().code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", input);
    return;
  }
  const auto again = Filter::FromJson(filter->ToJson());
  Require(again.ok() && *again == *filter, "a printed filter reads back as it was", input);
  if (ValidateWhere(*filter).ok()) (void)CompiledFilter::Compile(*filter);
}

void ReadOperations(const OperationBatch& batch, std::string_view input) {
  double sum = 0;  // reads every float, so that a sanitizer sees it
  for (size_t i = 0; i < batch.size(); ++i) {
    const Operation& operation = batch[i];
    Require(operation.id.size() <= input.size(), "ids lie inside the bytes", input);
    (void)std::string(operation.id);
    (void)std::string(operation.document.value_or(std::string_view()));
    (void)std::string(operation.uri.value_or(std::string_view()));
    (void)DecodeMetadata(operation.metadata);
    for (int32_t j = 0; operation.embedding != nullptr && j < batch.dimension(); ++j) sum += operation.embedding[j];
  }
  volatile double sink = sum;
  (void)sink;
}

}  // namespace

void Require(bool holds, const char* property, std::string_view input) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s, for these %zu bytes:\n%.*s\n", property, input.size(),
               static_cast<int>(input.size()), input.data());
  std::abort();
}

void FuzzFilterJson(std::string_view input) {
  FuzzFilter(Filter::FromJson(input), input);
  FuzzFilter(Filter::DocumentFromJson(input), input);
}

void FuzzMetadataJson(std::string_view input) {
  const auto metadata = MetadataFromJson(input);
  if (!metadata.ok()) {
    Require(metadata.status().code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", input);
    return;
  }
  const auto again = MetadataFromJson(MetadataToJson(*metadata));
  Require(again.ok() && *again == *metadata, "a printed map reads back as it was", input);
  if (!ValidateRecordMetadata(*metadata, /*allow_null=*/true).ok()) return;
  const std::string encoded = EncodeMetadata(*metadata);
  Require(EncodedMetadata(encoded).Validate().ok(), "a valid map is encoded as one", input);
}

void FuzzConfigurationJson(std::string_view input) {
  const auto configuration = ConfigurationFromJson(input);
  if (!configuration.ok()) {
    Require(configuration.status().code() == StatusCode::kInvalidArgument, "a refusal is InvalidArgument", input);
    return;
  }
  Require(ValidateConfiguration(*configuration).ok(), "what is read is valid", input);
  const auto again = ConfigurationFromJson(ConfigurationToJson(*configuration));
  Require(again.ok() && *again == *configuration, "a printed configuration reads back as it was", input);
}

void FuzzOperationBatch(std::string_view input) {
  const auto decode = [&](std::string bytes) {
    const auto batch = OperationBatch::Decode(std::make_shared<const std::string>(std::move(bytes)));
    if (batch.ok()) return ReadOperations(*batch, input);
    Require(batch.status().code() == StatusCode::kDataLoss, "a refusal is DataLoss", input);
  };
  decode(std::string(input));
  if (input.size() < 8) return;
  std::string bytes(input.substr(0, input.size() - 8));
  const uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  decode(std::move(bytes));
}

}  // namespace ochre
