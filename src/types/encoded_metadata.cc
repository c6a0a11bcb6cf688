#include "types/encoded_metadata.h"

#include <utility>

#include "types/bytes.h"

namespace ochre {
namespace {

void AppendEntry(std::string& bytes, std::string_view key, MetadataType type, std::string_view payload) {
  AppendVarint(bytes, key.size());
  bytes.append(key);
  bytes.push_back(static_cast<char>(type));
  AppendVarint(bytes, payload.size());
  bytes.append(payload);
}

void AppendSized(std::string& bytes, std::string_view text) {
  AppendVarint(bytes, text.size());
  bytes.append(text);
}

// The payload of each alternative of MetadataValue::Variant.
struct PayloadEncoder {
  std::string& out;

  void operator()(std::monostate) const {}
  void operator()(bool value) const { out.push_back(value ? 1 : 0); }
  void operator()(int64_t value) const { AppendRaw(out, value); }
  void operator()(double value) const { AppendRaw(out, value); }
  void operator()(const std::string& value) const { out.append(value); }
  void operator()(const SparseVector& value) const {
    AppendVarint(out, value.indices.size());
    for (const uint32_t index : value.indices) AppendRaw(out, index);
    for (const float weight : value.values) AppendRaw(out, weight);
    AppendVarint(out, value.tokens.size());
    for (const std::string& token : value.tokens) AppendSized(out, token);
  }
  void operator()(const std::vector<bool>& values) const {
    for (const bool value : values) out.push_back(value ? 1 : 0);
  }
  void operator()(const std::vector<int64_t>& values) const {
    for (const int64_t value : values) AppendRaw(out, value);
  }
  void operator()(const std::vector<double>& values) const {
    for (const double value : values) AppendRaw(out, value);
  }
  void operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) AppendSized(out, value);
  }
};

bool IsEmptyArray(const MetadataValue& value) {
  return std::visit(
      []<typename T>(const T& alternative) {
        if constexpr (std::is_same_v<T, std::vector<bool>> || std::is_same_v<T, std::vector<int64_t>> ||
                      std::is_same_v<T, std::vector<double>> || std::is_same_v<T, std::vector<std::string>>) {
          return alternative.empty();
        } else {
          return false;
        }
      },
      value.variant());
}

bool ParseSparseVector(std::string_view payload, SparseVector& vector) {
  uint64_t count = 0;
  if (!TakeVarint(payload, count) || count > payload.size() / (sizeof(uint32_t) + sizeof(float))) return false;
  std::string_view indices, values;
  if (!TakeBytes(payload, count * sizeof(uint32_t), indices)) return false;
  if (!TakeBytes(payload, count * sizeof(float), values)) return false;
  uint64_t token_count = 0;
  if (!TakeVarint(payload, token_count) || (token_count != 0 && token_count != count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    vector.indices.push_back(LoadRaw<uint32_t>(indices, i * sizeof(uint32_t)));
    vector.values.push_back(LoadRaw<float>(values, i * sizeof(float)));
  }
  for (uint64_t i = 0; i < token_count; ++i) {
    std::string_view token;
    if (!TakeSizedBytes(payload, token)) return false;
    vector.tokens.emplace_back(token);
  }
  return payload.empty();
}

bool IsWellFormed(const EncodedMetadata::Entry& entry) {
  switch (entry.type) {
    case MetadataType::kNull:
      return entry.payload.empty();
    case MetadataType::kBool:
      return entry.payload.size() == 1;
    case MetadataType::kInt64:
    case MetadataType::kDouble:
      return entry.payload.size() == 8;
    case MetadataType::kString:
      return true;
    case MetadataType::kSparseVector: {
      SparseVector vector;
      return ParseSparseVector(entry.payload, vector);
    }
    case MetadataType::kBoolArray:
      return !entry.payload.empty();
    case MetadataType::kInt64Array:
    case MetadataType::kDoubleArray:
      return !entry.payload.empty() && entry.payload.size() % 8 == 0;
    case MetadataType::kStringArray: {
      std::string_view rest = entry.payload;
      std::string_view element;
      bool any = false;
      while (EncodedMetadata::Entry::NextString(rest, element)) any = true;
      return any && rest.empty();
    }
  }
  return false;
}

MetadataValue DecodeValue(const EncodedMetadata::Entry& entry) {
  switch (entry.type) {
    case MetadataType::kNull:
      break;
    case MetadataType::kBool:
      return entry.AsBool();
    case MetadataType::kInt64:
      return entry.AsInt64();
    case MetadataType::kDouble:
      return entry.AsDouble();
    case MetadataType::kString:
      return entry.payload;
    case MetadataType::kSparseVector: {
      SparseVector vector;
      if (!ParseSparseVector(entry.payload, vector)) return {};
      return vector;
    }
    case MetadataType::kBoolArray: {
      std::vector<bool> values;
      for (size_t i = 0; i < entry.FixedCount(); ++i) values.push_back(entry.BoolAt(i));
      return values;
    }
    case MetadataType::kInt64Array: {
      std::vector<int64_t> values;
      for (size_t i = 0; i < entry.FixedCount(); ++i) values.push_back(entry.Int64At(i));
      return values;
    }
    case MetadataType::kDoubleArray: {
      std::vector<double> values;
      for (size_t i = 0; i < entry.FixedCount(); ++i) values.push_back(entry.DoubleAt(i));
      return values;
    }
    case MetadataType::kStringArray: {
      std::vector<std::string> values;
      std::string_view rest = entry.payload;
      std::string_view element;
      while (EncodedMetadata::Entry::NextString(rest, element)) values.emplace_back(element);
      return values;
    }
  }
  return {};
}

}  // namespace

bool EncodedMetadata::Entry::AsBool() const { return payload.size() == 1 && payload[0] != 0; }

int64_t EncodedMetadata::Entry::AsInt64() const { return payload.size() == 8 ? LoadRaw<int64_t>(payload, 0) : 0; }

double EncodedMetadata::Entry::AsDouble() const { return payload.size() == 8 ? LoadRaw<double>(payload, 0) : 0; }

size_t EncodedMetadata::Entry::FixedCount() const {
  return type == MetadataType::kBoolArray ? payload.size() : payload.size() / 8;
}

bool EncodedMetadata::Entry::BoolAt(size_t i) const { return payload[i] != 0; }
int64_t EncodedMetadata::Entry::Int64At(size_t i) const { return LoadRaw<int64_t>(payload, i * 8); }
double EncodedMetadata::Entry::DoubleAt(size_t i) const { return LoadRaw<double>(payload, i * 8); }

bool EncodedMetadata::Entry::NextString(std::string_view& rest, std::string_view& element) {
  std::string_view attempt = rest;
  if (attempt.empty() || !TakeSizedBytes(attempt, element)) return false;
  rest = attempt;
  return true;
}

bool EncodedMetadata::Next(std::string_view& rest, Entry& entry) {
  std::string_view attempt = rest;
  std::string_view type;
  if (attempt.empty() || !TakeSizedBytes(attempt, entry.key) || !TakeBytes(attempt, 1, type) ||
      !TakeSizedBytes(attempt, entry.payload)) {
    return false;
  }
  entry.type = static_cast<MetadataType>(type.front());
  rest = attempt;
  return true;
}

std::optional<EncodedMetadata::Entry> EncodedMetadata::Find(std::string_view key) const {
  std::string_view rest = bytes_;
  Entry entry;
  while (Next(rest, entry)) {
    if (entry.key == key) return entry;
    if (entry.key > key) break;
  }
  return std::nullopt;
}

Status EncodedMetadata::Validate() const {
  std::string_view rest = bytes_;
  std::string_view previous_key;
  Entry entry;
  bool first = true;
  while (Next(rest, entry)) {
    if (!first && entry.key <= previous_key) return Status::DataLoss("metadata keys are out of order");
    if (!IsWellFormed(entry)) return Status::DataLoss("the metadata value under \"", entry.key, "\" is malformed");
    previous_key = entry.key;
    first = false;
  }
  if (!rest.empty()) return Status::DataLoss("the metadata ends within an entry");
  return Status::Ok();
}

std::string EncodeMetadata(const Metadata& metadata) {
  std::string bytes;
  std::string payload;
  for (const auto& [key, value] : metadata) {
    payload.clear();
    const bool null = value.is_null() || IsEmptyArray(value);
    if (!null) std::visit(PayloadEncoder{payload}, value.variant());
    AppendEntry(bytes, key, null ? MetadataType::kNull : static_cast<MetadataType>(value.variant().index()), payload);
  }
  return bytes;
}

Metadata DecodeMetadata(EncodedMetadata metadata) {
  Metadata map;
  std::string_view rest = metadata.bytes();
  EncodedMetadata::Entry entry;
  while (EncodedMetadata::Next(rest, entry)) map.emplace_hint(map.end(), entry.key, DecodeValue(entry));
  return map;
}

std::string MergeMetadata(EncodedMetadata base, EncodedMetadata update) {
  std::string merged;
  std::string_view base_rest = base.bytes();
  std::string_view update_rest = update.bytes();
  EncodedMetadata::Entry base_entry, update_entry;
  bool has_base = EncodedMetadata::Next(base_rest, base_entry);
  bool has_update = EncodedMetadata::Next(update_rest, update_entry);
  while (has_base || has_update) {
    const bool take_base = has_base && (!has_update || base_entry.key < update_entry.key);
    const EncodedMetadata::Entry& taken = take_base ? base_entry : update_entry;
    if (taken.type != MetadataType::kNull) AppendEntry(merged, taken.key, taken.type, taken.payload);
    const bool same_key = has_base && has_update && base_entry.key == update_entry.key;
    if (take_base || same_key) has_base = EncodedMetadata::Next(base_rest, base_entry);
    if (!take_base) has_update = EncodedMetadata::Next(update_rest, update_entry);
  }
  return merged;
}

}  // namespace ochre
