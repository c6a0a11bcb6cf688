#include "gateway/quota.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plan/filter_operators.h"
#include "types/refusal.h"

namespace ochre {
namespace {

constexpr std::array<std::string_view, 10> kActionNames = {"Create Database",
                                                           "Create Collection",
                                                           "Update Collection",
                                                           "Add",
                                                           "Update",
                                                           "Upsert",
                                                           "Delete",
                                                           "Get",
                                                           "Query",
                                                           "Count"};
static_assert(kActionNames.size() == static_cast<size_t>(QuotaAction::kCount) + 1);

constexpr int64_t kNumberBytes = 8;

int64_t SizeOf(std::string_view text) { return static_cast<int64_t>(text.size()); }

// The bytes of a metadata value, as metadata_value_size_bytes counts them.
struct ValueSizer {
  int64_t operator()(std::monostate) const { return 0; }
  int64_t operator()(bool) const { return 1; }
  int64_t operator()(int64_t) const { return kNumberBytes; }
  int64_t operator()(double) const { return kNumberBytes; }
  int64_t operator()(const std::string& value) const { return SizeOf(value); }
  int64_t operator()(const SparseVector&) const { return 0; }
  template <typename T>
  int64_t operator()(const std::vector<T>& values) const {
    int64_t sum = 0;
    for (const auto& value : values) sum += (*this)(value);
    return sum;
  }
};

Status CheckMetadata(const Quotas& quotas, QuotaAction action, const Metadata& metadata, QuotaLimit keys,
                     QuotaLimit value_size, std::string_view where) {
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, keys, action, static_cast<int64_t>(metadata.size()), where));
  for (const auto& [key, value] : metadata) {
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, &Quotas::metadata_key_size_bytes, action, SizeOf(key), where));
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, value_size, action, std::visit(ValueSizer(), value.variant()), where));
    if (const auto* const sparse = value.get_if<SparseVector>()) {
      OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, &Quotas::sparse_vector_populated_dimensions, action,
                                       static_cast<int64_t>(sparse->indices.size()), where));
    }
  }
  return Status::Ok();
}

std::string AtIndex(size_t index) { return ", at index " + std::to_string(index); }

Status CheckTexts(const Quotas& quotas, QuotaLimit rule, QuotaAction action, const StringColumn& texts) {
  const std::optional<int64_t>& limit = quotas.*rule;
  if (!limit.has_value()) return Status::Ok();
  for (size_t i = 0; i < texts.size(); ++i) {
    const int64_t size = SizeOf(texts[i].value_or(std::string_view()));
    if (size > *limit) return CheckQuota(quotas, rule, action, size, AtIndex(i));
  }
  return Status::Ok();
}

bool LimitsRecordMetadata(const Quotas& quotas) {
  return quotas.num_metadata_keys.has_value() || quotas.metadata_key_size_bytes.has_value() ||
         quotas.metadata_value_size_bytes.has_value() || quotas.sparse_vector_populated_dimensions.has_value();
}

// By which rule the operands of a condition are bounded.
QuotaLimit OperandRule(const FilterNode& node) {
  if (PositiveOf(node.op) == FilterOperator::kRegex) return &Quotas::regex_pattern_length;
  switch (node.target) {
    case FilterTarget::kDocument:
      return &Quotas::where_document_value_length;
    case FilterTarget::kId:
      return &Quotas::id_size_bytes;
    case FilterTarget::kMetadata:
      break;
  }
  return &Quotas::where_value_size_bytes;
}

Status CheckFilter(const Quotas& quotas, QuotaAction action, const Filter& filter, QuotaLimit predicates) {
  const auto count = std::count_if(filter.nodes().begin(), filter.nodes().end(),
                                   [](const FilterNode& node) { return !IsLogical(node.op); });
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, predicates, action, static_cast<int64_t>(count)));
  for (const FilterNode& node : filter.nodes()) {
    for (const FilterScalar& scalar : node.scalars) {
      const auto* const text = scalar.get_if<std::string>();
      if (text == nullptr) continue;
      OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, OperandRule(node), action, SizeOf(*text)));
    }
  }
  return Status::Ok();
}

Status CheckSelection(const Quotas& quotas, QuotaAction action, QuotaLimit id_count,
                      const std::optional<StringColumn>& ids, const Filter& where, const Filter& where_document) {
  if (ids.has_value()) {
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, id_count, action, static_cast<int64_t>(ids->size())));
  }
  OCHRE_RETURN_IF_ERROR(CheckFilter(quotas, action, where, &Quotas::num_where_predicates));
  return CheckFilter(quotas, action, where_document, &Quotas::num_where_document_predicates);
}

}  // namespace

QuotaAction ActionOf(OperationKind kind) {
  switch (kind) {
    case OperationKind::kAdd:
      return QuotaAction::kAdd;
    case OperationKind::kUpdate:
      return QuotaAction::kUpdate;
    case OperationKind::kUpsert:
      return QuotaAction::kUpsert;
    case OperationKind::kDelete:
      break;
  }
  return QuotaAction::kDelete;
}

Status CheckQuota(const Quotas& quotas, QuotaLimit rule, QuotaAction action, int64_t value, std::string_view where) {
  const std::optional<int64_t>& limit = quotas.*rule;
  if (!limit.has_value() || value <= *limit) return Status::Ok();
  const auto row = std::find_if(std::begin(kQuotaRules), std::end(kQuotaRules),
                                [&](const QuotaRule& candidate) { return candidate.limit == rule; });
  return Status::ResourceExhausted(kQuotaExceeded, ": '", row->words, "' exceeded quota limit for action '",
                                   kActionNames[static_cast<size_t>(action)], "': current usage of ", value,
                                   " exceeds limit of ", *limit, " (", row->name, where, ")");
}

Status CheckName(const Quotas& quotas, QuotaAction action, std::string_view name) {
  return CheckQuota(quotas, &Quotas::name_size_bytes, action, SizeOf(name));
}

Status CheckCollectionMetadata(const Quotas& quotas, QuotaAction action, const Metadata& metadata) {
  return CheckMetadata(quotas, action, metadata, &Quotas::num_collection_metadata_keys,
                       &Quotas::collection_metadata_value_size_bytes, {});
}

Status CheckRecords(const Quotas& quotas, OperationKind kind, const Records& records) {
  const QuotaAction action = ActionOf(kind);
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, &Quotas::num_records, action, static_cast<int64_t>(records.ids.size())));
  if (!records.embeddings.values.empty()) {
    OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, &Quotas::embedding_dimensions, action, records.embeddings.columns));
  }
  OCHRE_RETURN_IF_ERROR(CheckTexts(quotas, &Quotas::id_size_bytes, action, records.ids));
  OCHRE_RETURN_IF_ERROR(CheckTexts(quotas, &Quotas::document_size_bytes, action, records.documents));
  OCHRE_RETURN_IF_ERROR(CheckTexts(quotas, &Quotas::uri_size_bytes, action, records.uris));
  if (!LimitsRecordMetadata(quotas)) return Status::Ok();
  for (size_t i = 0; i < records.metadatas.size(); ++i) {
    OCHRE_RETURN_IF_ERROR(CheckMetadata(quotas, action, records.metadatas[i], &Quotas::num_metadata_keys,
                                        &Quotas::metadata_value_size_bytes, AtIndex(i)));
  }
  return Status::Ok();
}

Status CheckGet(const Quotas& quotas, const GetRequest& request) {
  OCHRE_RETURN_IF_ERROR(CheckSelection(quotas, QuotaAction::kGet, &Quotas::num_query_ids, request.ids, request.where,
                                       request.where_document));
  return CheckQuota(quotas, &Quotas::num_results, QuotaAction::kGet, request.limit.value_or(0));
}

Status CheckCount(const Quotas& quotas, const Filter& where, const Filter& where_document) {
  return CheckSelection(quotas, QuotaAction::kCount, &Quotas::num_query_ids, std::nullopt, where, where_document);
}

Status CheckQuery(const Quotas& quotas, const QueryRequest& request) {
  OCHRE_RETURN_IF_ERROR(CheckSelection(quotas, QuotaAction::kQuery, &Quotas::num_query_ids, request.ids, request.where,
                                       request.where_document));
  OCHRE_RETURN_IF_ERROR(CheckQuota(quotas, &Quotas::num_results, QuotaAction::kQuery, request.n_results));
  OCHRE_RETURN_IF_ERROR(
      CheckQuota(quotas, &Quotas::num_query_embeddings, QuotaAction::kQuery, request.embeddings.rows()));
  if (request.embeddings.rows() == 0) return Status::Ok();
  return CheckQuota(quotas, &Quotas::embedding_dimensions, QuotaAction::kQuery, request.embeddings.columns);
}

Status CheckDelete(const Quotas& quotas, const DeleteRequest& request) {
  return CheckSelection(quotas, QuotaAction::kDelete, &Quotas::num_records, request.ids, request.where,
                        request.where_document);
}

}  // namespace ochre
