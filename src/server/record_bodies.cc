#include "server/record_bodies.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "server/base64.h"

namespace ochre {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(std::endian::native == std::endian::little, "base64 embeddings are copied as they are");

using MaybeError = std::optional<HttpError>;

// A parser keeps buffers of some seven times its largest body. Those of small bodies stay with the thread, those of
// large ones go with the request.
constexpr size_t kBodyBytesOfThreadParser = 256 << 10;

std::shared_ptr<ondemand::parser> ParserFor(const std::string& body) {
  if (body.size() > kBodyBytesOfThreadParser) return std::make_shared<ondemand::parser>();
  thread_local const auto parser = std::make_shared<ondemand::parser>();
  return parser;
}

HttpError NotJson(std::string_view field, simdjson::error_code error) {
  return {400, "InvalidArgumentError",
          status_internal::Concatenate("Failed to parse the request body as JSON: ", field, field.empty() ? "" : ": ",
                                       simdjson::error_message(error))};
}

HttpError Failure(std::string_view field, simdjson::error_code error, std::string_view expected) {
  const bool wrong_type = error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_OUT_OF_RANGE;
  return wrong_type ? Unprocessable(field, ": expected ", expected) : NotJson(field, error);
}

HttpError InvalidValue(std::string_view message) { return {400, "InvalidArgumentError", std::string(message)}; }

// All of it: simdjson calls null whatever begins with an "n".
bool IsNull(ondemand::value& value) {
  std::string_view token = value.raw_json_token();  // white space may follow
  if (!token.starts_with("null")) return false;
  token.remove_prefix(4);
  return token.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Calls `consume` with every element.
template <typename Consume>
MaybeError ForEach(std::string_view field, ondemand::value value, const Consume& consume) {
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return Failure(field, error, "a list");
  for (auto element : array) {
    ondemand::value item;
    if (const auto error = element.get(item)) return NotJson(field, error);
    if (MaybeError failure = consume(item)) return failure;
  }
  return std::nullopt;
}

MaybeError ParseStrings(std::string_view field, ondemand::value value, std::vector<std::string_view>& strings) {
  return ForEach(field, value, [&](ondemand::value& item) -> MaybeError {
    std::string_view text;
    if (const auto error = item.get_string().get(text)) return Failure(field, error, "a string");
    strings.push_back(text);
    return std::nullopt;
  });
}

MaybeError ParseTexts(std::string_view field, ondemand::value value, std::vector<std::optional<std::string>>& texts) {
  return ForEach(field, value, [&](ondemand::value& item) -> MaybeError {
    if (IsNull(item)) {
      texts.emplace_back();
      return std::nullopt;
    }
    std::string_view text;
    if (const auto error = item.get_string().get(text)) return Failure(field, error, "a string or null");
    texts.emplace_back(text);
    return std::nullopt;
  });
}

MaybeError ParseInteger(std::string_view field, ondemand::value value, std::optional<int64_t>& number) {
  if (IsNull(value)) return std::nullopt;
  int64_t parsed;
  if (const auto error = value.get_int64().get(parsed)) {
    return error == simdjson::NUMBER_ERROR ? Unprocessable(field, ": expected an integer")
                                           : Failure(field, error, "an integer");
  }
  if (parsed < 0) return Unprocessable(field, ": expected an integer of at least 0, not ", parsed);
  number = parsed;
  return std::nullopt;
}

// The text of a value, unparsed.
HttpResult<std::string_view> RawJson(std::string_view field, ondemand::value value) {
  ondemand::json_type type;
  if (const auto error = value.type().get(type)) return NotJson(field, error);
  std::string_view raw;
  simdjson::error_code error = simdjson::SUCCESS;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    error = value.get_object().get(object);
    if (!error) error = object.raw_json().get(raw);
  } else if (type == ondemand::json_type::array) {
    ondemand::array array;
    error = value.get_array().get(array);
    if (!error) error = array.raw_json().get(raw);
  } else {
    raw = value.raw_json_token();
  }
  if (error) return NotJson(field, error);
  return raw;
}

// Rows of numbers, all of one length: float32 in row-major order. Lists are parsed into `values`. Base64 is decoded
// where it stands in the body, each row right behind the one before, which is always ahead of what is still to be read.
class Rows {
 public:
  Rows(std::string_view field, const ondemand::parser& parser, std::vector<float>& values)
      : field_(field), parser_(parser), values_(values) {}

  // A hint, before the first row.
  void Expect(size_t rows) { rows_expected_ = rows; }

  // A list of numbers, or, where allowed, the base64 of little-endian float32; never both.
  MaybeError Append(ondemand::value& row, bool base64_allowed) {
    ondemand::json_type type;
    if (const auto error = row.type().get(type)) return NotJson(field_, error);
    if (type == ondemand::json_type::string && base64_allowed) {
      if (form_ == Form::kNumbers) return Mixed();
      form_ = Form::kBase64;
      return AppendBase64(row);
    }
    if (form_ == Form::kBase64) return Mixed();
    form_ = Form::kNumbers;
    return AppendNumbers(row);
  }

  // A row that is not given.
  void AppendMissing() { missing_.push_back(rows_++); }

  // Fills in the rows that are missing; call once, at the end. What was given has no columns if no row was.
  MatrixSpan Finish(std::vector<uint8_t>& given) {
    const auto columns = static_cast<size_t>(dimension_);
    const size_t given_rows = static_cast<size_t>(rows_) - missing_.size();
    const bool in_body = form_ == Form::kBase64;
    const auto all = [&] { return std::span(in_body ? decoded_ : values_.data(), given_rows * columns); };
    if (missing_.empty()) return {all(), dimension_};
    given.assign(static_cast<size_t>(rows_), 1);
    for (const int64_t row : missing_) given[static_cast<size_t>(row)] = 0;
    if (dimension_ == 0) return {};
    // The rows that were given are without gaps: from the last on they move to their places.
    values_.resize(static_cast<size_t>(rows_) * columns);
    const float* from = all().data() + given_rows * columns;
    for (auto row = static_cast<size_t>(rows_); row-- > 0;) {
      float* const to = values_.data() + row * columns;
      if (given[row] == 0) {
        std::memset(to, 0, columns * sizeof(float));
      } else {
        from -= columns;
        std::memmove(to, from, columns * sizeof(float));
      }
    }
    return {values_, dimension_};
  }

 private:
  enum class Form { kUnknown, kNumbers, kBase64 };

  MaybeError Mixed() const { return Unprocessable(field_, ": expected only lists of numbers, or only base64 strings"); }

  MaybeError AppendNumbers(ondemand::value& row) {
    const size_t begin = values_.size();
    ondemand::array array;
    if (const auto error = row.get_array().get(array)) return Failure(field_, error, "a list of numbers");
    for (auto element : array) {
      std::string_view token;
      if (const auto error = element.raw_json_token().get(token)) return NotJson(field_, error);
      double number;
      if (const auto error = element.get_double().get(number)) return Failure(field_, error, "a number");
      if (token.size() > kTokenBytesTrusted) ReadLongNumber(token, number);
      values_.push_back(static_cast<float>(number));
    }
    return CountRow(values_.size() - begin);
  }

  // simdjson 3.0 reads numbers of 20 digits and more wrongly where the first is a zero ("0.12345678901234567890"); they
  // are read once more. Out of the range of doubles it is right enough: the float32 is 0 or infinite.
  static constexpr size_t kTokenBytesTrusted = 19;
  static void ReadLongNumber(std::string_view token, double& number) {
    double exact = 0;
    if (std::from_chars(token.data(), token.data() + token.size(), exact).ec == std::errc()) number = exact;
  }

  MaybeError AppendBase64(ondemand::value& row) {
    std::string_view text = row.raw_json_token();  // the quotes and, perhaps, white space after them
    text.remove_prefix(1);
    const size_t end = text.rfind('"');
    text = text.substr(0, end == std::string_view::npos ? 0 : end);
    if (decoded_ == nullptr) {
      // Down to where a float may be: before the text is a quote, and before that the bracket that begins the list.
      const auto misaligned = reinterpret_cast<uintptr_t>(text.data()) % alignof(float);
      decoded_ =
          reinterpret_cast<float*>(const_cast<char*>(text.data()) - misaligned);  // the body's, which is not const
    }
    // Consumed before anything is written: simdjson looks again at the first character of a value that it takes for
    // unread, and the first row's bytes go there. Behind a consumed value it reads nothing in front of the next one.
    ondemand::raw_json_string raw;
    if (const auto error = row.get_raw_json_string().get(raw)) return Failure(field_, error, "a string");
    float* const to = decoded_ + (rows_ - std::ssize(missing_)) * dimension_;
    // Some encoders write "\/". That is looked for after a failure only, but for the first rows, which overwrite their
    // own text.
    const bool overwrites = reinterpret_cast<const char*>(to) + text.size() > text.data();
    bool has_escapes = overwrites && HasEscapes(text);
    if (!has_escapes) {
      MaybeError failure = DecodeBase64Row(text, to);
      has_escapes = failure.has_value() && !overwrites && HasEscapes(text);
      if (!has_escapes) return failure;
    }
    std::string unescaped(text.size() + simdjson::SIMDJSON_PADDING, '\0');
    auto* destination = reinterpret_cast<uint8_t*>(unescaped.data());
    std::string_view plain;
    if (const auto error = parser_.unescape(raw, destination).get(plain)) return Failure(field_, error, "a string");
    return DecodeBase64Row(plain, to);
  }

  static bool HasEscapes(std::string_view json) { return json.find('\\') != std::string_view::npos; }

  MaybeError DecodeBase64Row(std::string_view text, float* to) {
    const std::optional<size_t> bytes = Base64DecodedSize(text);
    if (!bytes.has_value()) return InvalidBase64();
    if (*bytes % sizeof(float) != 0) {
      return InvalidValue(status_internal::Concatenate("Invalid base64 string in ", field_, " at index ", rows_, ": ",
                                                       *bytes, " bytes are no whole number of float32"));
    }
    // A longer row than the first could reach into what is still to be read.
    if (MaybeError failure = CheckColumns(*bytes / sizeof(float))) return failure;
    if (!DecodeBase64(text, reinterpret_cast<std::byte*>(to))) return InvalidBase64();
    return CountRow(*bytes / sizeof(float));
  }

  MaybeError InvalidBase64() const {
    return InvalidValue(status_internal::Concatenate("Invalid base64 string in ", field_, " at index ", rows_));
  }

  MaybeError CheckColumns(size_t columns) const {
    if (columns == 0) return InvalidValue("Each embedding must have at least 1 dimension");
    if (dimension_ != 0 && static_cast<size_t>(dimension_) != columns) {
      return InvalidValue("Inconsistent dimensions in provided embeddings");
    }
    return std::nullopt;
  }

  MaybeError CountRow(size_t columns) {
    if (MaybeError failure = CheckColumns(columns)) return failure;
    // Room for all rows once, if there are as many as expected: without copies while it grows.
    if (rows_ == 0 && form_ == Form::kNumbers) {
      values_.reserve(columns * std::min(rows_expected_, kValuesReservedMax / columns));
    }
    dimension_ = static_cast<int64_t>(columns);
    ++rows_;
    return std::nullopt;
  }

  // 64 MB, which only what has come can exceed.
  static constexpr size_t kValuesReservedMax = 16 << 20;

  const std::string_view field_;
  const ondemand::parser& parser_;
  std::vector<float>& values_;
  float* decoded_ = nullptr;  // the first row of base64, in the body
  size_t rows_expected_ = 0;
  Form form_ = Form::kUnknown;
  int64_t dimension_ = 0;
  int64_t rows_ = 0;  // missing ones among them
  std::vector<int64_t> missing_;
};

MaybeError ParseMetadatas(OperationKind kind, ondemand::value value, std::vector<Metadata>& metadatas) {
  constexpr std::string_view kField = "metadatas";
  return ForEach(kField, value, [&](ondemand::value& item) -> MaybeError {
    if (IsNull(item)) {
      metadatas.emplace_back();
      return std::nullopt;
    }
    const HttpResult<std::string_view> raw = RawJson(kField, item);
    if (!raw.ok()) return raw.error();
    Result<Metadata> metadata = MetadataFromJson(raw.value());
    if (!metadata.ok()) return Unprocessable(kField, "[", metadatas.size(), "]: ", metadata.status().message());
    for (const auto& [key, entry] : *metadata) {
      if (kind == OperationKind::kAdd && entry.is_null()) {
        return Unprocessable(kField, "[", metadatas.size(), "]: the value under \"", key,
                             "\" is null, which only update and upsert take");
      }
    }
    metadatas.push_back(*std::move(metadata));
    return std::nullopt;
  });
}

// Parses `body` as one object, and gives each of its fields to `consume`. Each of those that are `known` may come once:
// of two, readers disagree about which counts.
template <size_t kKnown, typename Consume>
MaybeError ForEachField(ondemand::parser& parser, std::string& body, const std::array<std::string_view, kKnown>& known,
                        const Consume& consume) {
  std::array<bool, kKnown> seen = {};
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  if (const auto error = parser.iterate(body).get(document)) return NotJson("", error);
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) return Failure("the body", error, "an object");
  for (auto field : object) {
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return NotJson("", error);
    const auto place = std::ranges::find(known, key);
    if (place != known.end() && std::exchange(seen[static_cast<size_t>(place - known.begin())], true)) {
      return Unprocessable("duplicate field `", key, "`");
    }
    ondemand::value value;
    if (const auto error = field.value().get(value)) return NotJson(key, error);
    if (MaybeError failure = consume(key, value)) return failure;
  }
  // Past the object there is nothing that it could be at.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return NotJson("", simdjson::TRAILING_CONTENT);
  return std::nullopt;
}

constexpr std::array<std::string_view, 5> kWriteFields = {"ids", "embeddings", "documents", "uris", "metadatas"};
constexpr std::array<std::string_view, 8> kReadFields = {"ids",    "where",     "where_document", "limit",
                                                         "offset", "n_results", "include",        "query_embeddings"};

MaybeError ParseFilter(std::string_view field, ondemand::value value, Result<Filter> (*parse)(std::string_view),
                       Filter& filter) {
  const HttpResult<std::string_view> raw = RawJson(field, value);
  if (!raw.ok()) return raw.error();
  Result<Filter> parsed = parse(raw.value());
  if (!parsed.ok()) return ToHttpError(parsed.status());
  filter = *std::move(parsed);
  return std::nullopt;
}

}  // namespace

Records WriteBody::records() const {
  return {.ids = ids,
          .embeddings = embeddings,
          .embedding_given = embedding_given,
          .documents = documents,
          .metadatas = metadatas,
          .uris = uris};
}

HttpResult<WriteBody> ParseWriteBody(OperationKind kind, std::string& body) {
  const std::shared_ptr<ondemand::parser> parser = ParserFor(body);
  WriteBody write;
  write.memory = parser;
  Rows rows("embeddings", *parser, write.embedding_values);
  bool ids_given = false;
  bool embeddings_given = false;
  const bool update = kind == OperationKind::kUpdate;
  MaybeError failure =
      ForEachField(*parser, body, kWriteFields, [&](std::string_view key, ondemand::value value) -> MaybeError {
        if (key == "ids") {
          ids_given = true;
          return ParseStrings("ids", value, write.ids);
        }
        if (key == "embeddings") {
          if (update && IsNull(value)) return std::nullopt;
          embeddings_given = true;
          rows.Expect(write.ids.size());
          return ForEach("embeddings", value, [&](ondemand::value& row) -> MaybeError {
            if (!update || !IsNull(row)) return rows.Append(row, /*base64_allowed=*/true);
            rows.AppendMissing();
            return std::nullopt;
          });
        }
        if (key == "documents" && !IsNull(value)) return ParseTexts("documents", value, write.documents);
        if (key == "uris" && !IsNull(value)) return ParseTexts("uris", value, write.uris);
        if (key == "metadatas" && !IsNull(value)) return ParseMetadatas(kind, value, write.metadatas);
        return std::nullopt;
      });
  if (failure.has_value()) return *std::move(failure);
  if (!ids_given) return Unprocessable("missing field `ids`");
  if (!embeddings_given && !update) return Unprocessable("missing field `embeddings`");
  write.embeddings = rows.Finish(write.embedding_given);
  return write;
}

HttpResult<ReadBody> ParseReadBody(std::string& body) {
  const std::shared_ptr<ondemand::parser> parser = ParserFor(body);
  ReadBody read;
  read.memory = parser;
  MaybeError failure =
      ForEachField(*parser, body, kReadFields, [&](std::string_view key, ondemand::value value) -> MaybeError {
        if (key == "ids") {
          if (IsNull(value)) return std::nullopt;
          return ParseStrings("ids", value, read.ids.emplace());
        }
        if (key == "where") return ParseFilter("where", value, &Filter::FromJson, read.where);
        if (key == "where_document") {
          return ParseFilter("where_document", value, &Filter::DocumentFromJson, read.where_document);
        }
        if (key == "limit") return ParseInteger("limit", value, read.limit);
        if (key == "offset") return ParseInteger("offset", value, read.offset);
        if (key == "n_results") return ParseInteger("n_results", value, read.n_results);
        if (key == "include") return ParseStrings("include", value, read.include.emplace());
        if (key == "query_embeddings") {
          Rows rows("query_embeddings", *parser, read.query_embeddings.emplace());
          MaybeError row_failure = ForEach("query_embeddings", value, [&](ondemand::value& row) {
            return rows.Append(row, /*base64_allowed=*/false);
          });
          std::vector<uint8_t> all_given;
          read.dimension = rows.Finish(all_given).columns;
          return row_failure;
        }
        return std::nullopt;
      });
  if (failure.has_value()) return *std::move(failure);
  return read;
}

}  // namespace ochre
