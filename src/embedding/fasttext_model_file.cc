#include "embedding/fasttext_model_file.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

namespace ochre {
namespace {

// The file, as fastText 0.9.2 writes it; little-endian, nothing aligned.
//   int32 magic, int32 version
//   int32 dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate; double t
//   int32 size, nwords, nlabels; int64 ntokens, pruneidx_size (-1: not pruned)
//   size times: the word and a 0 byte, int64 count, int8 type (0 word, 1 label); words come first
//   pruneidx_size times: int32 from, int32 to
//   bool quantised; the input matrix; bool output quantised; the output matrix
// A dense matrix: int64 rows, columns; rows * columns floats.
// A quantised one: bool has norms; int64 rows, columns; int32 code bytes; the codes; a quantiser; with norms: a byte a
//   row, and a quantiser. A quantiser: int32 dimension, parts, floats a part, floats of the last part; 256 * dimension
//   floats.
constexpr int32_t kMagic = 793712314;
constexpr int32_t kVersionMin = 11;
constexpr int32_t kVersionMax = 12;

// Nobody trains larger ones; they bound the products below, so that none overflows.
constexpr int64_t kDimensionMax = 1 << 16;
constexpr int64_t kRowsMax = int64_t{1} << 32;
constexpr int64_t kWordBytesMax = 1 << 20;
constexpr int64_t kCentroids = 256;  // of a part, since a code is a byte

// Reads forward through the file; after a failure every later read fails too.
class Walker {
 public:
  explicit Walker(const std::filesystem::path& path, int64_t size) : in_(path, std::ios::binary), left_(size) {}

  template <typename T>
  requires std::is_arithmetic_v<T> T Read() {
    T value = {};
    if (!Take(sizeof(value))) return value;
    ok_ = static_cast<bool>(in_.read(reinterpret_cast<char*>(&value), sizeof(value)));
    return value;
  }

  void Skip(int64_t bytes) {
    constexpr int64_t kSeekBytesMin = 4'096;  // a seek drops what is buffered, which costs more than passing over it
    if (!Take(bytes)) return;
    ok_ = static_cast<bool>(bytes < kSeekBytesMin ? in_.ignore(bytes) : in_.seekg(bytes, std::ios::cur));
  }

  // A string up to its 0 byte.
  void SkipString() {
    for (int64_t length = 0; ok_ && length <= kWordBytesMax; ++length) {
      if (Read<char>() == 0) return;
    }
    ok_ = false;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_ == 0; }

 private:
  bool Take(int64_t bytes) {
    ok_ = ok_ && bytes >= 0 && bytes <= left_;
    if (ok_) left_ -= bytes;
    return ok_;
  }

  std::ifstream in_;
  int64_t left_;
  bool ok_ = true;
};

struct MatrixShape {
  int64_t rows = 0;
  int64_t columns = 0;
};

bool IsSane(const MatrixShape& shape) {
  return shape.rows >= 0 && shape.rows <= kRowsMax && shape.columns >= 1 && shape.columns <= kDimensionMax;
}

bool WalkQuantiser(Walker& file, int64_t dimension_expected) {
  const auto dimension = file.Read<int32_t>();
  const auto parts = file.Read<int32_t>();
  const auto part_floats = file.Read<int32_t>();
  const auto last_part_floats = file.Read<int32_t>();
  if (!file.ok() || dimension != dimension_expected || parts < 1 || part_floats < 1 || last_part_floats < 1 ||
      last_part_floats > part_floats || int64_t{parts - 1} * part_floats + last_part_floats != dimension) {
    return false;
  }
  file.Skip(int64_t{dimension} * kCentroids * static_cast<int64_t>(sizeof(float)));
  return file.ok();
}

std::optional<MatrixShape> WalkMatrix(Walker& file, bool quantised) {
  const bool has_norms = quantised && file.Read<uint8_t>() != 0;
  MatrixShape shape;
  shape.rows = file.Read<int64_t>();
  shape.columns = file.Read<int64_t>();
  if (!file.ok() || !IsSane(shape)) return std::nullopt;
  if (!quantised) {
    file.Skip(shape.rows * shape.columns * static_cast<int64_t>(sizeof(float)));
  } else {
    const auto code_bytes = file.Read<int32_t>();
    if (!file.ok() || code_bytes < shape.rows) return std::nullopt;  // at least one part, so one byte a row
    file.Skip(code_bytes);
    if (!WalkQuantiser(file, shape.columns)) return std::nullopt;
    if (has_norms) {
      file.Skip(shape.rows);
      if (!WalkQuantiser(file, 1)) return std::nullopt;
    }
  }
  if (!file.ok()) return std::nullopt;
  return shape;
}

struct Arguments {
  int64_t dimension = 0;
  int64_t bucket = 0;  // rows for character n-grams
  bool has_ngrams = false;
};

std::optional<Arguments> WalkArguments(Walker& file) {
  std::array<int32_t, 12> fields = {};
  for (int32_t& field : fields) field = file.Read<int32_t>();
  file.Read<double>();
  const Arguments arguments = {.dimension = fields[0], .bucket = fields[8], .has_ngrams = fields[10] > 0};
  if (!file.ok() || arguments.dimension < 1 || arguments.dimension > kDimensionMax || arguments.bucket < 0 ||
      (arguments.has_ngrams && arguments.bucket == 0)) {
    return std::nullopt;
  }
  return arguments;
}

struct Vocabulary {
  int64_t words = 0;
  int64_t pruned = -1;  // n-grams that are kept; -1: all
};

std::optional<Vocabulary> WalkDictionary(Walker& file) {
  const auto size = file.Read<int32_t>();
  const auto words = file.Read<int32_t>();
  const auto labels = file.Read<int32_t>();
  file.Skip(sizeof(int64_t));  // tokens trained on
  const auto pruned = file.Read<int64_t>();
  if (!file.ok() || words < 0 || labels < 0 || size < 1 || int64_t{words} + labels != size || pruned < -1) {
    return std::nullopt;
  }
  for (int32_t i = 0; file.ok() && i < size; ++i) {
    file.SkipString();
    file.Skip(sizeof(int64_t));
    if (file.Read<int8_t>() != (i < words ? 0 : 1)) return std::nullopt;
  }
  for (int64_t i = 0; file.ok() && i < pruned; ++i) {
    file.Skip(sizeof(int32_t));
    const auto row = file.Read<int32_t>();
    if (row < 0 || row >= pruned) return std::nullopt;
  }
  if (!file.ok()) return std::nullopt;
  return Vocabulary{.words = words, .pruned = pruned};
}

bool WalkModel(Walker& file) {
  const auto arguments = WalkArguments(file);
  if (!arguments.has_value()) return false;
  const auto vocabulary = WalkDictionary(file);
  if (!vocabulary.has_value()) return false;
  const bool input_quantised = file.Read<uint8_t>() != 0;
  if (vocabulary->pruned >= 0 && !input_quantised) return false;  // fastText refuses these
  const auto input = WalkMatrix(file, input_quantised);
  if (!input.has_value() || input->columns != arguments->dimension) return false;
  const bool output_quantised = file.Read<uint8_t>() != 0;
  if (!WalkMatrix(file, input_quantised && output_quantised).has_value()) return false;
  // Rows that words and n-grams lead to.
  int64_t rows = vocabulary->words;
  if (vocabulary->pruned >= 0) {
    rows += vocabulary->pruned;
  } else if (arguments->has_ngrams) {
    rows += arguments->bucket;
  }
  return input->rows >= rows && file.at_end();
}

}  // namespace

Status CheckFastTextModel(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Status::NotFound("there is no file \"", path.string(), "\" to load a fastText model from");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (error) return Status::NotFound("cannot read \"", path.string(), "\": ", error.message());
  Walker file(path, static_cast<int64_t>(size));
  const auto magic = file.Read<int32_t>();
  const auto version = file.Read<int32_t>();
  if (!file.ok() || magic != kMagic) {
    return Status::InvalidArgument("\"", path.string(), "\" is no fastText model (.bin): it does not begin as one");
  }
  if (version < kVersionMin || version > kVersionMax) {
    return Status::InvalidArgument("the fastText model \"", path.string(), "\" has format version ", version,
                                   ", but must have ", kVersionMin, " or ", kVersionMax);
  }
  if (!WalkModel(file)) {
    return Status::InvalidArgument("the fastText model \"", path.string(), "\" is truncated or damaged");
  }
  return Status::Ok();
}

}  // namespace ochre
