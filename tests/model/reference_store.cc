#include "tests/model/reference_store.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace ochre {
namespace {

void Apply(const ReferenceChange& change, ReferenceRecord& record) {
  if (change.embedding.has_value()) record.embedding = *change.embedding;
  if (change.document.has_value()) record.document = change.document;
  if (change.uri.has_value()) record.uri = change.uri;
  for (const auto& [key, value] : change.metadata) {
    if (value.is_null()) {
      record.metadata.erase(key);
    } else {
      record.metadata[key] = value;
    }
  }
}

bool AsNumber(const MetadataValue& value, long double& number) {
  if (const auto* integer = value.get_if<int64_t>()) number = *integer;
  if (const auto* real = value.get_if<double>()) number = *real;
  return value.get_if<int64_t>() != nullptr || value.get_if<double>() != nullptr;
}

// long double holds every int64 and every double exactly on x86-64; the test's numbers are small in any case.
long double OperandNumber(const FilterScalar& scalar) {
  if (const auto* integer = scalar.get_if<int64_t>()) return *integer;
  return *scalar.get_if<double>();
}

bool Equals(const MetadataValue& value, const FilterScalar& scalar) {
  long double number = 0;
  if (scalar.is_number()) return AsNumber(value, number) && number == OperandNumber(scalar);
  if (const bool* boolean = scalar.get_if<bool>()) {
    return value.get_if<bool>() != nullptr && *value.get_if<bool>() == *boolean;
  }
  return value.get_if<std::string>() != nullptr && *value.get_if<std::string>() == *scalar.get_if<std::string>();
}

template <typename T>
bool HasElement(const MetadataValue& value, const FilterScalar& scalar) {
  const auto* list = value.get_if<std::vector<T>>();
  const T* element = scalar.get_if<T>();
  return list != nullptr && element != nullptr && std::find(list->begin(), list->end(), *element) != list->end();
}

bool HasNumber(const MetadataValue& value, const FilterScalar& scalar) {
  if (!scalar.is_number()) return false;
  const auto equals = [number = OperandNumber(scalar)](auto element) {
    return static_cast<long double>(element) == number;
  };
  const auto* integers = value.get_if<std::vector<int64_t>>();
  const auto* reals = value.get_if<std::vector<double>>();
  return (integers != nullptr && std::any_of(integers->begin(), integers->end(), equals)) ||
         (reals != nullptr && std::any_of(reals->begin(), reals->end(), equals));
}

bool MetadataHolds(const FilterNode& node, const Metadata& metadata) {
  const auto found = metadata.find(node.key);
  const MetadataValue value = found == metadata.end() ? MetadataValue() : found->second;
  long double number = 0;
  const bool numeric = AsNumber(value, number);
  switch (node.op) {
    case FilterOperator::kEqual:
      return Equals(value, node.scalars[0]);
    case FilterOperator::kNotEqual:
      return !Equals(value, node.scalars[0]);
    case FilterOperator::kGreater:
      return numeric && number > OperandNumber(node.scalars[0]);
    case FilterOperator::kGreaterEqual:
      return numeric && number >= OperandNumber(node.scalars[0]);
    case FilterOperator::kLess:
      return numeric && number < OperandNumber(node.scalars[0]);
    case FilterOperator::kLessEqual:
      return numeric && number <= OperandNumber(node.scalars[0]);
    case FilterOperator::kIn:
    case FilterOperator::kNotIn: {
      const bool in = std::any_of(node.scalars.begin(), node.scalars.end(),
                                  [&](const FilterScalar& scalar) { return Equals(value, scalar); });
      return in == (node.op == FilterOperator::kIn);
    }
    case FilterOperator::kContains:
    case FilterOperator::kNotContains: {
      const FilterScalar& element = node.scalars[0];
      const bool contains =
          HasElement<bool>(value, element) || HasNumber(value, element) || HasElement<std::string>(value, element);
      return contains == (node.op == FilterOperator::kContains);
    }
    default:
      return false;
  }
}

// Compiled once for the many records that a read tests with it.
bool Matches(const std::string& document, const std::string& pattern) {
  thread_local std::unique_ptr<re2::RE2> compiled;
  if (compiled == nullptr || compiled->pattern() != pattern) compiled = std::make_unique<re2::RE2>(pattern);
  return re2::RE2::PartialMatch(document, *compiled);
}

bool DocumentHolds(const FilterNode& node, const std::optional<std::string>& document) {
  const auto& text = *node.scalars[0].get_if<std::string>();
  const auto contains = [&] { return document.has_value() && document->find(text) != std::string::npos; };
  const auto matches = [&] { return document.has_value() && Matches(*document, text); };
  switch (node.op) {
    case FilterOperator::kContains:
      return contains();
    case FilterOperator::kNotContains:
      return !contains();
    case FilterOperator::kRegex:
      return matches();
    default:
      return !matches();
  }
}

bool IdHolds(const FilterNode& node, const std::string& id) {
  const bool in = std::any_of(node.scalars.begin(), node.scalars.end(),
                              [&](const FilterScalar& scalar) { return *scalar.get_if<std::string>() == id; });
  return in == (node.op == FilterOperator::kEqual || node.op == FilterOperator::kIn);
}

}  // namespace

bool ReferenceHolds(const Filter& filter, const ReferenceRecord& record) {
  if (filter.matches_all()) return true;
  std::vector<bool> stack;
  for (const FilterNode& node : filter.nodes()) {
    if (node.op == FilterOperator::kAnd || node.op == FilterOperator::kOr) {
      bool all = true;
      bool any = false;
      for (uint32_t i = 0; i < node.operand_count; ++i) {
        all = all && stack.back();
        any = any || stack.back();
        stack.pop_back();
      }
      stack.push_back(node.op == FilterOperator::kAnd ? all : any);
    } else if (node.target == FilterTarget::kMetadata) {
      stack.push_back(MetadataHolds(node, record.metadata));
    } else if (node.target == FilterTarget::kDocument) {
      stack.push_back(DocumentHolds(node, record.document));
    } else {
      stack.push_back(IdHolds(node, record.id));
    }
  }
  return stack.back();
}

ReferenceRecord* ReferenceStore::Find(const std::string& id) {
  for (ReferenceRecord& record : records_) {
    if (record.id == id) return &record;
  }
  return nullptr;
}

void ReferenceStore::Add(const ReferenceChange& change) {
  if (Find(change.id) != nullptr) return;
  records_.push_back({.id = change.id, .embedding = {}, .document = {}, .uri = {}, .metadata = {}});
  Apply(change, records_.back());
}

void ReferenceStore::Update(const ReferenceChange& change) {
  if (ReferenceRecord* record = Find(change.id)) Apply(change, *record);
}

void ReferenceStore::Upsert(const ReferenceChange& change) {
  if (Find(change.id) != nullptr) {
    Update(change);
  } else {
    Add(change);
  }
}

void ReferenceStore::Delete(const std::vector<std::string>& ids) {
  std::erase_if(records_, [&](const ReferenceRecord& record) {
    return std::find(ids.begin(), ids.end(), record.id) != ids.end();
  });
}

std::vector<const ReferenceRecord*> ReferenceStore::Select(const std::optional<std::vector<std::string>>& ids,
                                                           const Filter& where, const Filter& where_document) const {
  std::vector<const ReferenceRecord*> selected;
  for (const ReferenceRecord& record : records_) {
    if (ids.has_value() && std::find(ids->begin(), ids->end(), record.id) == ids->end()) continue;
    if (ReferenceHolds(where, record) && ReferenceHolds(where_document, record)) selected.push_back(&record);
  }
  return selected;
}

// Embeddings of the test are small integers, so that sums are exact in any order; what remains is rounded as the
// kernels promise.
float ReferenceStore::Distance(const std::vector<float>& a, const std::vector<float>& b) const {
  float squares = 0, dot = 0;
  double a_squares = 0, b_squares = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += (a[i] - b[i]) * (a[i] - b[i]);
    dot += a[i] * b[i];
    a_squares += static_cast<double>(a[i]) * a[i];
    b_squares += static_cast<double>(b[i]) * b[i];
  }
  switch (space_) {
    case Space::kL2:
      return squares;
    case Space::kInnerProduct:
      return 1 - dot;
    case Space::kCosine: {
      const auto a_inverse = static_cast<float>(a_squares == 0 ? 0 : 1 / std::sqrt(a_squares));
      const auto b_inverse = static_cast<float>(b_squares == 0 ? 0 : 1 / std::sqrt(b_squares));
      return std::clamp(1 - dot * a_inverse * b_inverse, 0.0f, 2.0f);
    }
  }
  return 0;
}

std::vector<ReferenceHit> ReferenceStore::Nearest(const std::vector<float>& query, size_t n,
                                                  const std::vector<const ReferenceRecord*>& candidates) const {
  std::vector<ReferenceHit> hits;
  for (const ReferenceRecord* record : candidates) hits.push_back({record, Distance(query, record->embedding)});
  std::stable_sort(hits.begin(), hits.end(),
                   [](const ReferenceHit& a, const ReferenceHit& b) { return a.distance < b.distance; });
  if (hits.size() > n) hits.resize(n);
  return hits;
}

}  // namespace ochre
