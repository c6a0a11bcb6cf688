#include "server/record_bodies.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace ochre {
namespace {

constexpr unsigned kSeed = 23;

std::vector<float> RandomRow(std::mt19937& random, size_t columns) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> row(columns);
  for (float& value : row) value = uniform(random);
  return row;
}

std::string ToBase64(std::span<const float> row) {
  std::string text(4 * ((row.size_bytes() + 2) / 3) + 1, '\0');  // EVP writes a zero behind it
  text.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                  reinterpret_cast<const unsigned char*>(row.data()),
                                                  static_cast<int>(row.size_bytes()))));
  return text;
}

// Any of the bit patterns but those of infinities and NaNs.
std::vector<float> RandomBits(std::mt19937& random, size_t columns) {
  std::vector<float> row(columns);
  for (float& value : row) {
    do {
      value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    } while (!std::isfinite(value));
  }
  return row;
}

// As some encoders of JSON write it.
std::string WithSlashesEscaped(const std::string& text) {
  std::string escaped;
  for (const char character : text) escaped += character == '/' ? "\\/" : std::string(1, character);
  return escaped;
}

std::string Body(const std::vector<std::string>& embeddings) {
  std::string ids, rows;
  for (const std::string& embedding : embeddings) {
    rows += (rows.empty() ? "" : ",") + embedding;
    ids += (ids.empty() ? "\"" : ",\"") + std::to_string(std::count(ids.begin(), ids.end(), ',')) + "\"";
  }
  return "{\"embeddings\":[" + rows + "],\"ids\":[" + ids + "]}";
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::vector<float> Row(const MatrixSpan& matrix, int64_t row) {
  return {matrix.Row(row), matrix.Row(row) + matrix.columns};
}

TEST(RecordBodiesTest, EveryRowOfBase64IsWhatWasEncodedHoweverItIsEscaped) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (const size_t columns : {1, 2, 3, 5, 16, 47, 100, 768}) {
    for (const bool escaped : {false, true}) {
      std::vector<std::vector<float>> rows;
      std::vector<std::string> embeddings;
      for (int row = 0; row < 12; ++row) {
        rows.push_back(RandomRow(random, columns));
        const std::string text = ToBase64(rows.back());
        embeddings.push_back(Quoted(escaped && row % 2 == 0 ? WithSlashesEscaped(text) : text));
      }
      std::string body = Body(embeddings);
      const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
      ASSERT_TRUE(write.ok()) << write.error().message;
      ASSERT_EQ(write.value().embeddings.rows(), 12);
      EXPECT_EQ(write.value().ids.size(), 12u);
      for (int row = 0; row < 12; ++row) EXPECT_EQ(Row(write.value().embeddings, row), rows[row]) << row;
    }
  }
}

// Rows are decoded over the text that they came in: no byte that a float begins with may be taken for JSON.
TEST(RecordBodiesTest, RowsOfAnyBitsAreNotTakenForJson) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const auto first = std::bit_cast<float>(byte);
    std::string body = Body({Quoted(ToBase64(std::span(&first, 1)))});
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    ASSERT_TRUE(write.ok()) << byte << ": " << write.error().message;
    EXPECT_EQ(std::bit_cast<uint32_t>(write.value().embeddings.Row(0)[0]), byte);
  }
}

TEST(RecordBodiesTest, BodiesOfRandomBitsAreDecodedExactlyWhereverTheFieldsStand) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(round);
    const size_t columns = 1 + random() % 8;
    const size_t row_count = 1 + random() % 4;
    const bool update = random() % 2 == 0;
    std::vector<std::vector<float>> rows;
    std::string embeddings, ids, documents;
    for (size_t row = 0; row < row_count; ++row) {
      rows.push_back(RandomBits(random, columns));
      std::string text = ToBase64(rows.back());
      if (random() % 8 == 0) text = WithSlashesEscaped(text);
      if (update && random() % 4 == 0) {
        rows.back().clear();
        text.clear();
      }
      const std::string separator = row == 0 ? "" : ",";
      embeddings += separator + std::string(random() % 3, ' ') + (text.empty() ? "null" : Quoted(text)) +
                    std::string(random() % 3, '\n');
      ids += separator + "\"i" + std::to_string(row) + "\"";
      documents += separator + "\"d{[:,]}" + std::to_string(row) + "\"";
    }
    std::vector<std::string> fields = {"\"embeddings\":" + std::string(random() % 3, ' ') + "[" + embeddings + "]",
                                       "\"ids\":[" + ids + "]", "\"documents\":[" + documents + "]"};
    std::shuffle(fields.begin(), fields.end(), random);
    std::string body = "{" + fields[0] + "," + fields[1] + "," + fields[2] + "}";
    const std::string sent = body;
    const HttpResult<WriteBody> write = ParseWriteBody(update ? OperationKind::kUpdate : OperationKind::kAdd, body);
    ASSERT_TRUE(write.ok()) << sent << ": " << write.error().message;
    ASSERT_EQ(write.value().ids.size(), row_count) << sent;
    for (size_t row = 0; row < row_count; ++row) {
      EXPECT_EQ(write.value().ids[row], "i" + std::to_string(row)) << sent;
      EXPECT_EQ(write.value().documents[row], "d{[:,]}" + std::to_string(row)) << sent;
      if (rows[row].empty()) continue;
      const float* decoded = write.value().embeddings.Row(static_cast<int64_t>(row));
      EXPECT_EQ(std::memcmp(decoded, rows[row].data(), columns * sizeof(float)), 0) << sent;
    }
  }
}

TEST(RecordBodiesTest, AnUpdateMayLeaveOutRowsOfEitherForm) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::vector<float> first = RandomRow(random, 40), second = RandomRow(random, 40);
  const auto list_of = [](const std::vector<float>& row) {
    std::string list;
    for (const float value : row) list += (list.empty() ? "[" : ",") + std::to_string(value);
    return list + "]";
  };
  for (const bool base64 : {false, true}) {
    const auto text_of = [&](const std::vector<float>& row) { return base64 ? Quoted(ToBase64(row)) : list_of(row); };
    std::string body = Body({"null", text_of(first), "null", "null", text_of(second), "null"});
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kUpdate, body);
    ASSERT_TRUE(write.ok()) << write.error().message;
    EXPECT_EQ(write.value().embedding_given, std::vector<uint8_t>({0, 1, 0, 0, 1, 0}));
    const MatrixSpan& embeddings = write.value().embeddings;
    ASSERT_EQ(embeddings.rows(), 6);
    for (int64_t column = 0; column < 40; ++column) {
      EXPECT_NEAR(embeddings.Row(1)[column], first[column], 1e-6);
      EXPECT_NEAR(embeddings.Row(4)[column], second[column], 1e-6);
      for (const int64_t row : {0, 2, 3, 5}) EXPECT_EQ(embeddings.Row(row)[column], 0);
    }
  }
}

TEST(RecordBodiesTest, AnUpdateMayLeaveOutEveryRow) {
  std::string body = Body({"null", "null"});
  const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kUpdate, body);
  ASSERT_TRUE(write.ok()) << write.error().message;
  EXPECT_EQ(write.value().embedding_given, std::vector<uint8_t>({0, 0}));
  EXPECT_EQ(write.value().embeddings.columns, 0);
}

TEST(RecordBodiesTest, RowsOfDifferentLengthsAreRefusedBeforeTheyReachBeyondTheirText) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string short_row = Quoted(ToBase64(RandomRow(random, 3)));
  const std::string long_row = Quoted(ToBase64(RandomRow(random, 1'000)));
  for (const auto& embeddings : {std::vector{short_row, long_row}, std::vector{long_row, short_row}}) {
    std::string body = Body(embeddings);
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    ASSERT_FALSE(write.ok());
    EXPECT_EQ(write.error().status, 400);
    EXPECT_EQ(write.error().message, "Inconsistent dimensions in provided embeddings");
  }
}

TEST(RecordBodiesTest, ABadRowIsNamed) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string good = ToBase64(RandomRow(random, 50));
  for (const char wrong : {'!', ' ', '=', '-'}) {
    std::string bad = good;
    bad[bad.size() / 2] = wrong;
    for (size_t at = 0; at < 6; ++at) {
      std::vector<std::string> embeddings(6, Quoted(good));
      embeddings[at] = Quoted(bad);
      std::string body = Body(embeddings);
      const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
      ASSERT_FALSE(write.ok());
      EXPECT_EQ(write.error().message, "Invalid base64 string in embeddings at index " + std::to_string(at));
    }
  }
}

}  // namespace
}  // namespace ochre
