// Validation of filters.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gateway/validate.h"
#include "plan/filter_limits.h"
#include "plan/filter_operators.h"
#include "types/utf8.h"

namespace ochre {
namespace {

template <typename... Pieces>
Status Invalid(const Pieces&... pieces) {
  return Status::InvalidArgument(pieces...);  // the clause's name is prefixed at the end
}

Status ValidateScalar(const FilterScalar& scalar) {
  if (const auto* number = scalar.get_if<double>(); number != nullptr && !std::isfinite(*number)) {
    return Invalid("an operand is NaN or infinite");
  }
  if (const auto* text = scalar.get_if<std::string>(); text != nullptr && !IsValidUtf8(*text)) {
    return Invalid("an operand is no valid UTF-8");
  }
  return Status::Ok();
}

// Numbers of both kinds may stand together in a list: they compare with each other.
size_t TypeOf(const FilterScalar& scalar) { return scalar.is_number() ? 1 : scalar.variant().index(); }

Status ValidateOperandCount(const FilterNode& node) {
  const bool list = PositiveOf(node.op) == FilterOperator::kIn;
  if (list && node.scalars.empty()) return Invalid("$in and $nin take a list that is not empty");
  if (!list && node.scalars.size() != 1) return Invalid("an operator takes one operand, not ", node.scalars.size());
  for (const FilterScalar& scalar : node.scalars) {
    OCHRE_RETURN_IF_ERROR(ValidateScalar(scalar));
    if (TypeOf(scalar) != TypeOf(node.scalars.front())) {
      return Invalid("$in and $nin take a list of strings, of numbers or of booleans, not a mixture");
    }
  }
  return Status::Ok();
}

Status ValidateMetadataCondition(const FilterNode& node) {
  if (node.key.empty()) return Invalid("a metadata key is empty");
  if (!IsValidUtf8(node.key)) return Invalid("a metadata key is no valid UTF-8");
  if (node.key.front() == '#' || node.key.front() == '$') {
    return Invalid("\"", node.key, "\" is no metadata key: those do not begin with '#' or '$'");
  }
  switch (PositiveOf(node.op)) {
    case FilterOperator::kGreater:
    case FilterOperator::kGreaterEqual:
    case FilterOperator::kLess:
    case FilterOperator::kLessEqual:
      if (!node.scalars.front().is_number()) {
        return Invalid("the ordering operators on \"", node.key, "\" take a number");
      }
      return Status::Ok();
    case FilterOperator::kRegex:
      return Invalid("$regex and $not_regex apply to the document (\"#document\"), not to \"", node.key, "\"");
    default:
      return Status::Ok();
  }
}

Status ValidateDocumentCondition(const FilterNode& node) {
  const FilterOperator op = PositiveOf(node.op);
  if (op != FilterOperator::kContains && op != FilterOperator::kRegex) {
    return Invalid("the document takes $contains, $not_contains, $regex and $not_regex only");
  }
  const auto* text = node.scalars.front().get_if<std::string>();
  if (text == nullptr) return Invalid("a condition on the document takes a string");
  if (op == FilterOperator::kRegex && text->size() > kRegexBytesMax) {
    return Invalid("a pattern of ", text->size(), " bytes exceeds ", kRegexBytesMax);
  }
  return Status::Ok();
}

Status ValidateIdCondition(const FilterNode& node) {
  const FilterOperator op = PositiveOf(node.op);
  if (op != FilterOperator::kEqual && op != FilterOperator::kIn) {
    return Invalid("the id (\"#id\") takes $eq, $ne, $in and $nin only");
  }
  if (node.scalars.front().get_if<std::string>() == nullptr) return Invalid("a condition on the id takes strings");
  return Status::Ok();
}

Status ValidateCondition(const FilterNode& node) {
  if (node.op > FilterOperator::kOr) return Invalid("a condition has no operator that exists");
  OCHRE_RETURN_IF_ERROR(ValidateOperandCount(node));
  switch (node.target) {
    case FilterTarget::kMetadata:
      return ValidateMetadataCondition(node);
    case FilterTarget::kDocument:
      return ValidateDocumentCondition(node);
    case FilterTarget::kId:
      return ValidateIdCondition(node);
  }
  return Invalid("a condition has no target");
}

Status ValidateNodes(const std::vector<FilterNode>& nodes) {
  if (nodes.size() > kFilterNodesMax) {
    return Invalid("it has ", nodes.size(), " conditions, and at most ", kFilterNodesMax,
                   " are allowed; one $in takes a list of any length");
  }
  std::vector<size_t> depths;  // how many "and"/"or" deep, of the subtrees without a parent so far
  for (const FilterNode& node : nodes) {
    if (!IsLogical(node.op)) {
      OCHRE_RETURN_IF_ERROR(ValidateCondition(node));
      depths.push_back(0);
      continue;
    }
    if (!node.scalars.empty()) return Invalid("$and and $or join filters, and take no value");
    if (node.operand_count > depths.size()) return Invalid("$and or $or lacks operands");
    size_t depth = 0;
    for (uint32_t i = 0; i < node.operand_count; ++i) {
      depth = std::max(depth, depths.back());
      depths.pop_back();
    }
    if (depth == kFilterDepthMax) return Invalid("nested more than ", kFilterDepthMax, " deep");
    depths.push_back(depth + 1);
  }
  if (depths.size() > 1) return Invalid("it consists of ", depths.size(), " filters that nothing joins");
  return Status::Ok();
}

Status ValidateDocumentTargets(const std::vector<FilterNode>& nodes) {
  const bool document_only = std::all_of(nodes.begin(), nodes.end(), [](const FilterNode& node) {
    return IsLogical(node.op) || node.target == FilterTarget::kDocument;
  });
  return document_only ? Status::Ok() : Invalid("it takes conditions on the document only");
}

Status Prefixed(std::string_view clause, const Status& status) {
  return status.ok() ? status : Status::InvalidArgument("Invalid ", clause, " clause: ", status.message());
}

}  // namespace

Status ValidateWhere(const Filter& where) { return Prefixed("where", ValidateNodes(where.nodes())); }

Status ValidateWhereDocument(const Filter& where_document) {
  const Status targets = ValidateDocumentTargets(where_document.nodes());
  return Prefixed("where document", targets.ok() ? ValidateNodes(where_document.nodes()) : targets);
}

}  // namespace ochre
