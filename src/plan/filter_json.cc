// Filter::FromJson, DocumentFromJson and ToJson: Chroma's JSON grammar of `where` and `where_document`.
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "ochre/filter.h"
#include "plan/filter_limits.h"
#include "plan/filter_operators.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

struct OperatorName {
  FilterOperator op;
  std::string_view name;
};
constexpr std::array<OperatorName, 14> kOperatorNames = {{
    {FilterOperator::kEqual, "$eq"},
    {FilterOperator::kNotEqual, "$ne"},
    {FilterOperator::kGreater, "$gt"},
    {FilterOperator::kGreaterEqual, "$gte"},
    {FilterOperator::kLess, "$lt"},
    {FilterOperator::kLessEqual, "$lte"},
    {FilterOperator::kIn, "$in"},
    {FilterOperator::kNotIn, "$nin"},
    {FilterOperator::kContains, "$contains"},
    {FilterOperator::kNotContains, "$not_contains"},
    {FilterOperator::kRegex, "$regex"},
    {FilterOperator::kNotRegex, "$not_regex"},
    {FilterOperator::kAnd, "$and"},
    {FilterOperator::kOr, "$or"},
}};

std::optional<FilterOperator> OperatorNamed(std::string_view name) {
  for (const OperatorName& candidate : kOperatorNames) {
    if (candidate.name == name) return candidate.op;
  }
  return std::nullopt;
}

std::string_view NameOf(FilterOperator op) { return kOperatorNames[static_cast<size_t>(op)].name; }

enum class Grammar { kWhere, kWhereDocument };

template <typename... Pieces>
Status Invalid(Grammar grammar, const Pieces&... pieces) {
  return Status::InvalidArgument(
      grammar == Grammar::kWhere ? "Invalid where clause: " : "Invalid where document clause: ", pieces...);
}

// What a message shows of a value: enough to find it, not all of a huge one.
std::string Excerpt(const Json& json) {
  constexpr size_t kExcerptBytes = 60;
  if (json.is_structured() && json.size() > 4) return std::string(json.is_array() ? "a list" : "an object");
  std::string text =
      json.is_structured() ? std::string(json.type_name()) : json.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kExcerptBytes) text = text.substr(0, kExcerptBytes) + "...";
  return text;
}

std::optional<FilterScalar> ScalarFromJson(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return FilterScalar(json.get<bool>());
    case Json::value_t::number_integer:
      return FilterScalar(json.get<int64_t>());
    case Json::value_t::number_unsigned:
      return FilterScalar(json.get<uint64_t>());
    case Json::value_t::number_float:
      return FilterScalar(json.get<double>());
    case Json::value_t::string:
      return FilterScalar(json.get<std::string>());
    default:
      return std::nullopt;
  }
}

// The `$and` that says what an object of several keys means to say: {"$and": [{"a": 1}, {"b": 2}]}.
std::string AsAnd(const Json& object, const std::string& key) {
  constexpr size_t kShown = 2;
  const auto excerpt = [](const Json& value) {
    return value.is_object() && value.size() == 1 && value.begin()->is_primitive()
               ? "{" + Excerpt(value.begin().key()) + ": " + Excerpt(*value.begin()) + "}"
           : value.is_primitive() ? Excerpt(value)
                                  : std::string("...");
  };
  std::string text = "{\"$and\": [";
  size_t shown = 0;
  for (const auto& [name, value] : object.items()) {
    if (shown == kShown) break;
    if (shown++ > 0) text += ", ";
    const std::string condition = "{" + Excerpt(name) + ": " + excerpt(value) + "}";
    text += key.empty() ? condition : "{" + Excerpt(key) + ": " + condition + "}";
  }
  return text + (object.size() > kShown ? ", ...]}" : "]}");
}

// Sets the operand of `node` from `operand`: a list for $in and $nin, a scalar otherwise.
Status SetOperand(Grammar grammar, const Json& operand, FilterNode& node) {
  const bool wants_list = node.op == FilterOperator::kIn || node.op == FilterOperator::kNotIn;
  if (wants_list != operand.is_array()) {
    return Invalid(grammar, NameOf(node.op), " takes ", wants_list ? "a list" : "one value", ", not ",
                   Excerpt(operand));
  }
  if (!wants_list) {
    auto scalar = ScalarFromJson(operand);
    if (!scalar.has_value()) {
      return Invalid(grammar, NameOf(node.op), " takes a string, number or boolean, not ", Excerpt(operand));
    }
    node.scalars.push_back(*std::move(scalar));
    return Status::Ok();
  }
  for (const Json& element : operand) {
    auto scalar = ScalarFromJson(element);
    if (!scalar.has_value()) {
      return Invalid(grammar, NameOf(node.op), " takes a list of strings, numbers or booleans, not ", Excerpt(element));
    }
    node.scalars.push_back(*std::move(scalar));
  }
  return Status::Ok();
}

// {"$contains": "x"}: the document condition inside "#document", and the whole of where_document.
Result<FilterNode> DocumentCondition(Grammar grammar, const std::string& name, const Json& operand) {
  const auto op = OperatorNamed(name);
  if (!op.has_value() || IsLogical(*op)) return Invalid(grammar, "unknown document operator ", Excerpt(name));
  FilterNode node{.op = *op, .target = FilterTarget::kDocument};
  OCHRE_RETURN_IF_ERROR(SetOperand(grammar, operand, node));
  return node;
}

// {KEY: scalar} or {KEY: {OP: operand}}, KEY being "#document", "#id" or a metadata key.
Result<FilterNode> KeyCondition(Grammar grammar, const std::string& key, const Json& value) {
  FilterNode node{.op = FilterOperator::kEqual, .key = key};
  if (key == "#document") {
    node.target = FilterTarget::kDocument;
    node.key.clear();
  } else if (key == "#id") {
    node.target = FilterTarget::kId;
    node.key.clear();
  } else if (key.starts_with('$')) {
    return Invalid(grammar, "unknown operator ", Excerpt(key), " in the place of a key");
  }
  if (!value.is_object()) {
    OCHRE_RETURN_IF_ERROR(SetOperand(grammar, value, node));
    return node;
  }
  if (value.size() != 1) {
    return Invalid(grammar, "the condition on ", Excerpt(key), " must have exactly one operator, and has ",
                   value.size(), value.empty() ? "" : "; to ask for all: " + AsAnd(value, key));
  }
  const auto op = OperatorNamed(value.begin().key());
  if (!op.has_value() || IsLogical(*op)) {
    return Invalid(grammar, "unknown operator ", Excerpt(value.begin().key()), " on ", Excerpt(key));
  }
  node.op = *op;
  OCHRE_RETURN_IF_ERROR(SetOperand(grammar, value.begin().value(), node));
  return node;
}

// Turns parsed JSON into postfix nodes with a stack of its own, so that depth costs no stack of the thread.
Result<std::vector<FilterNode>> Convert(Grammar grammar, const Json& root) {
  struct Open {
    FilterOperator op;
    const Json* operands;
    size_t next = 0;
  };
  std::vector<FilterNode> nodes;
  std::vector<Open> open;
  const Json* clause = &root;
  while (true) {
    if (clause != nullptr) {
      if (!clause->is_object()) return Invalid(grammar, "expected an object, not ", Excerpt(*clause));
      if (clause->size() != 1) {
        return Invalid(grammar, "an object must have exactly one key, and one has ", clause->size(),
                       clause->empty() ? "" : "; to ask for all: " + AsAnd(*clause, /*key=*/""));
      }
      const std::string& name = clause->begin().key();
      const Json& value = clause->begin().value();
      const auto op = OperatorNamed(name);
      if (op.has_value() && IsLogical(*op)) {
        if (!value.is_array()) return Invalid(grammar, name, " takes a list, not ", Excerpt(value));
        if (open.size() >= kFilterDepthMax) return Invalid(grammar, "nested more than ", kFilterDepthMax, " deep");
        open.push_back({.op = *op, .operands = &value});
      } else {
        OCHRE_ASSIGN_OR_RETURN(FilterNode node, grammar == Grammar::kWhere ? KeyCondition(grammar, name, value)
                                                                           : DocumentCondition(grammar, name, value));
        nodes.push_back(std::move(node));
      }
    }
    if (open.empty()) return nodes;
    Open& top = open.back();
    if (top.next < top.operands->size()) {
      clause = &(*top.operands)[top.next++];
    } else {
      nodes.push_back({.op = top.op, .operand_count = static_cast<uint32_t>(top.operands->size())});
      open.pop_back();
      clause = nullptr;
    }
  }
}

Result<std::vector<FilterNode>> Parse(Grammar grammar, std::string_view text) {
  const Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Invalid(grammar, "not JSON");
  if (json.is_null()) return std::vector<FilterNode>();
  return Convert(grammar, json);
}

void AppendJson(std::string& text, const Json& json) {
  text += json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ScalarToJson(const FilterScalar& scalar) {
  return std::visit([](const auto& value) { return Json(value); }, scalar.variant());
}

void AppendCondition(std::string& text, const FilterNode& node) {
  text += '{';
  switch (node.target) {
    case FilterTarget::kDocument:
      text += "\"#document\"";
      break;
    case FilterTarget::kId:
      text += "\"#id\"";
      break;
    case FilterTarget::kMetadata:
      AppendJson(text, node.key);
      break;
  }
  text += ":{\"";
  text += NameOf(node.op);
  text += "\":";
  if (node.op == FilterOperator::kIn || node.op == FilterOperator::kNotIn) {
    Json list = Json::array();
    for (const FilterScalar& scalar : node.scalars) list.push_back(ScalarToJson(scalar));
    AppendJson(text, list);
  } else {
    AppendJson(text, node.scalars.empty() ? Json() : ScalarToJson(node.scalars.front()));
  }
  text += "}}";
}

}  // namespace

Result<Filter> Filter::FromJson(std::string_view json) {
  Filter filter;
  OCHRE_ASSIGN_OR_RETURN(filter.nodes_, Parse(Grammar::kWhere, json));
  return filter;
}

Result<Filter> Filter::DocumentFromJson(std::string_view json) {
  Filter filter;
  OCHRE_ASSIGN_OR_RETURN(filter.nodes_, Parse(Grammar::kWhereDocument, json));
  return filter;
}

std::string Filter::ToJson() const {
  if (nodes_.empty()) return "null";
  // The operands of each "and"/"or" in order: found from the back, where a node's operands directly precede it.
  std::vector<std::vector<size_t>> operands(nodes_.size());
  std::vector<size_t> roots;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (IsLogical(nodes_[i].op)) {
      const size_t count = std::min<size_t>(nodes_[i].operand_count, roots.size());
      operands[i].assign(roots.end() - static_cast<ptrdiff_t>(count), roots.end());
      roots.resize(roots.size() - count);
    }
    roots.push_back(i);
  }
  std::string text;
  struct Open {
    size_t node;
    size_t next = 0;
  };
  std::vector<Open> open;
  const auto enter = [&](size_t node) {
    if (!IsLogical(nodes_[node].op)) return AppendCondition(text, nodes_[node]);
    text += "{\"";
    text += NameOf(nodes_[node].op);
    text += "\":[";
    open.push_back({node});
  };
  enter(roots.back());
  while (!open.empty()) {
    Open& top = open.back();
    if (top.next == operands[top.node].size()) {
      text += "]}";
      open.pop_back();
      continue;
    }
    if (top.next > 0) text += ',';
    enter(operands[top.node][top.next++]);
  }
  return text;
}

}  // namespace ochre
