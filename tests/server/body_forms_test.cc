// Every form that a client may give a body, against a plain decoder: nlohmann/json, and base64 letter by letter.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/chunked_body.h"
#include "server/record_bodies.h"

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr unsigned kSeed = 41;
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string ToBase64(std::span<const float> row) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(row.data());
  std::string text;
  for (size_t at = 0; at < row.size_bytes(); at += 3) {
    const size_t count = std::min<size_t>(3, row.size_bytes() - at);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[at + i] : 0);
    for (size_t i = 0; i < 4; ++i) text += i <= count ? kLetters[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::vector<float> FromBase64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::vector<uint8_t> bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char letter : text) {
    group = group << 6 | static_cast<uint32_t>(kLetters.find(letter));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<uint8_t>(group >> bits));
  }
  std::vector<float> row(bytes.size() / sizeof(float));
  std::memcpy(row.data(), bytes.data(), bytes.size());
  return row;
}

// Writes JSON as no two writers do.
class RandomWriter {
 public:
  explicit RandomWriter(unsigned seed) : random_(seed) {}

  size_t Below(size_t bound) { return random_() % bound; }
  bool OneIn(size_t bound) { return Below(bound) == 0; }

  std::string Blank() {
    std::string blank;
    while (OneIn(3)) blank += " \t\r\n"[Below(4)];
    return blank;
  }

  // With any character escaped in any of the ways that it can be.
  std::string String(std::string_view utf8) {
    std::string json = "\"";
    for (size_t at = 0; at < utf8.size();) {
      const auto byte = static_cast<unsigned char>(utf8[at]);
      const size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      const bool must = byte < 0x20 || byte == '"' || byte == '\\';
      if (must || OneIn(12)) {
        json += Escaped(utf8.substr(at, size));
      } else {
        json += utf8.substr(at, size);
      }
      at += size;
    }
    return json + '"';
  }

  std::string Number(float value) {
    char text[64];
    const char* const format = std::vector<const char*>{"%.9g", "%.17g", "%.9e", "%.20E", "%.9f"}[Below(5)];
    std::snprintf(text, sizeof(text), std::abs(value) < 1e6 ? format : "%.9g", static_cast<double>(value));
    return text;
  }

  std::string List(const std::vector<std::string>& elements) {
    std::string json = "[" + Blank();
    for (size_t i = 0; i < elements.size(); ++i) json += (i == 0 ? "" : ",") + Blank() + elements[i] + Blank();
    return json + "]";
  }

  std::string Object(std::vector<std::pair<std::string, std::string>> fields) {
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string json = "{" + Blank();
    for (size_t i = 0; i < fields.size(); ++i) {
      json += (i == 0 ? "" : ",") + Blank() + String(fields[i].first) + Blank() + ":" + Blank() + fields[i].second +
              Blank();
    }
    return json + "}";
  }

  std::string Text() {
    static const std::vector<std::string> kPieces = {"a",          "/",    "\"",   "\\",   "{[",     "]}",
                                                     ",",          ":",    "\n",   "\x01", "\u00e9", "\u20ac",
                                                     "\U0001f600", "\x7f", "null", " "};
    std::string text;
    for (size_t pieces = Below(8); pieces > 0; --pieces) text += kPieces[Below(kPieces.size())];
    return text;
  }

  float FiniteFloat() {
    for (;;) {
      const auto value = std::bit_cast<float>(static_cast<uint32_t>(random_()));
      if (std::isfinite(value)) return OneIn(4) ? static_cast<float>(static_cast<int>(Below(9)) - 4) : value;
    }
  }

  // The body in chunks of any sizes; cut behind any bytes by the reader below.
  std::string InChunks(std::string_view body) {
    std::string bytes;
    while (!body.empty()) {
      const size_t size = std::min(1 + Below(OneIn(2) ? 3 : 400), body.size());
      char digits[20];
      std::snprintf(digits, sizeof(digits), "%zx", size);
      bytes += std::string(digits) + "\r\n" + std::string(body.substr(0, size)) + "\r\n";
      body.remove_prefix(size);
    }
    return bytes + "0\r\n\r\n";
  }

 private:
  std::string Escaped(std::string_view utf8) {
    static constexpr std::string_view kShort = "\"\\/\b\f\n\r\t";
    const size_t at = utf8.size() == 1 ? kShort.find(utf8.front()) : std::string_view::npos;
    if (at != std::string_view::npos && OneIn(2)) return std::string("\\") + "\"\\/bfnrt"[at];
    uint32_t code = static_cast<unsigned char>(utf8.front());
    if (utf8.size() > 1) code &= 0x7fu >> utf8.size();
    for (const char c : utf8.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 63);
    char text[16];
    if (code < 0x10000) {
      std::snprintf(text, sizeof(text), OneIn(2) ? "\\u%04x" : "\\u%04X", code);
    } else {
      std::snprintf(text, sizeof(text), "\\u%04x\\u%04x", 0xd800 + (code - 0x10000) / 0x400, 0xdc00 + code % 0x400);
    }
    return text;
  }

  std::mt19937 random_;
};

// A body as it goes over the wire, in the form that `base64` says, and null where an update may leave rows out.
std::string RandomWriteBody(RandomWriter& writer, bool update) {
  const size_t rows = writer.Below(5);
  const size_t columns = 1 + writer.Below(9);
  const bool base64 = writer.OneIn(2);
  std::vector<std::string> ids, embeddings, documents, uris, metadatas;
  for (size_t row = 0; row < rows; ++row) {
    ids.push_back(writer.String(std::to_string(row) + writer.Text()));
    std::vector<float> values(columns);
    std::vector<std::string> numbers;
    for (float& value : values) {
      value = writer.FiniteFloat();
      numbers.push_back(writer.Number(value));
    }
    embeddings.push_back(update && writer.OneIn(4) ? "null"
                         : base64                  ? writer.String(ToBase64(values))
                                                   : writer.List(numbers));
    documents.push_back(writer.OneIn(4) ? "null" : writer.String(writer.Text()));
    uris.push_back(writer.OneIn(4) ? "null" : writer.String(writer.Text()));
    metadatas.push_back(writer.OneIn(4) ? "null"
                                        : writer.Object({{"k" + writer.Text(), writer.String(writer.Text())},
                                                         {"n", std::to_string(writer.Below(1'000))},
                                                         {"f", writer.Number(1.5f)},
                                                         {"b", writer.OneIn(2) ? "true" : "false"},
                                                         {"l", writer.List({"1", "2"})}}));
  }
  std::vector<std::pair<std::string, std::string>> fields = {{"ids", writer.List(ids)}};
  if (!update || !writer.OneIn(4)) fields.emplace_back("embeddings", writer.List(embeddings));
  if (writer.OneIn(2)) fields.emplace_back("documents", writer.OneIn(5) ? "null" : writer.List(documents));
  if (writer.OneIn(2)) fields.emplace_back("uris", writer.OneIn(5) ? "null" : writer.List(uris));
  if (writer.OneIn(2)) fields.emplace_back("metadatas", writer.OneIn(5) ? "null" : writer.List(metadatas));
  if (writer.OneIn(3))
    fields.emplace_back("other", writer.List({"{\"ids\": [1, null]}", writer.String(writer.Text())}));
  return writer.Blank() + writer.Object(fields) + writer.Blank();
}

using Texts = std::vector<std::optional<std::string>>;

Texts PlainTexts(const Json& body, const char* field) {
  Texts texts;
  if (!body.contains(field) || body[field].is_null()) return texts;
  for (const Json& text : body[field]) {
    texts.push_back(text.is_null() ? std::nullopt : std::optional(text.get<std::string>()));
  }
  return texts;
}

// An empty row: there is none.
std::vector<std::vector<float>> PlainRows(const Json& body) {
  std::vector<std::vector<float>> rows;
  for (const Json& row : body.value("embeddings", Json::array())) {
    if (row.is_string()) {
      rows.push_back(FromBase64(row.get<std::string>()));
    } else {
      rows.emplace_back();
      if (!row.is_null()) {
        for (const Json& number : row) rows.back().push_back(static_cast<float>(number.get<double>()));
      }
    }
  }
  return rows;
}

void ExpectTheSame(const WriteBody& write, const Json& plain) {
  const Texts ids = PlainTexts(plain, "ids");
  ASSERT_EQ(write.ids.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(write.ids[i], *ids[i]);
  EXPECT_EQ(write.documents, PlainTexts(plain, "documents"));
  EXPECT_EQ(write.uris, PlainTexts(plain, "uris"));
  const auto rows = PlainRows(plain);
  for (size_t row = 0; row < rows.size(); ++row) {
    const bool given = write.embedding_given.empty() || write.embedding_given[row] != 0;
    EXPECT_EQ(given, !rows[row].empty());
    if (!given) continue;
    ASSERT_EQ(write.embeddings.columns, static_cast<int64_t>(rows[row].size()));
    const float* const decoded = write.embeddings.Row(static_cast<int64_t>(row));
    EXPECT_EQ(std::memcmp(decoded, rows[row].data(), rows[row].size() * sizeof(float)), 0) << "row " << row;
  }
  const Json metadatas = plain.value("metadatas", Json());
  ASSERT_EQ(write.metadatas.size(), metadatas.size());
  for (size_t i = 0; i < write.metadatas.size(); ++i) {
    const Json metadata = Json::parse(MetadataToJson(write.metadatas[i]));
    EXPECT_EQ(metadata, metadatas[i].is_null() ? Json::object() : metadatas[i]);
  }
}

TEST(BodyFormsTest, EveryFormOfAWriteIsReadAsAPlainDecoderReadsIt) {
  for (unsigned round = 0; round < 5'000; ++round) {
    SCOPED_TRACE(kSeed + round);
    RandomWriter writer(kSeed + round);
    const bool update = writer.OneIn(3);
    const std::string sent = RandomWriteBody(writer, update);
    std::string body = sent;
    const HttpResult<WriteBody> write = ParseWriteBody(update ? OperationKind::kUpdate : OperationKind::kAdd, body);
    ASSERT_TRUE(write.ok()) << write.error().message << "\n" << sent;
    ExpectTheSame(write.value(), Json::parse(sent));
    if (testing::Test::HasFailure()) FAIL() << sent;
  }
}

TEST(BodyFormsTest, ABodyInChunksIsTheSameWhereverTheyEndAndThePacketsToo) {
  for (unsigned round = 0; round < 300; ++round) {
    SCOPED_TRACE(kSeed + round);
    RandomWriter writer(kSeed + round);
    const std::string sent = RandomWriteBody(writer, /*update=*/false);
    const std::string chunks = writer.InChunks(sent);
    // One end of a packet behind every byte of them.
    for (size_t cut = 0; cut <= chunks.size(); cut += 1 + chunks.size() / 200) {
      ChunkedBody reader(sent.size(), /*extra_bytes_max=*/0);
      std::string body;
      for (const std::string_view packet :
           {std::string_view(chunks).substr(0, cut), std::string_view(chunks).substr(cut)}) {
        const HttpResult<size_t> read = reader.Read(packet, body);
        ASSERT_TRUE(read.ok()) << read.error().message;
      }
      ASSERT_TRUE(reader.done());
      ASSERT_EQ(body, sent);
    }
    std::string body;
    ChunkedBody reader(sent.size(), 0);
    for (const char byte : chunks) ASSERT_TRUE(reader.Read(std::string_view(&byte, 1), body).ok());
    ASSERT_EQ(body, sent);
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    ASSERT_TRUE(write.ok()) << write.error().message << "\n" << sent;
    ExpectTheSame(write.value(), Json::parse(sent));
  }
}

// A change of a byte or two: what both still take must be the same, and what is no JSON must not be taken.
TEST(BodyFormsTest, ABodyThatIsChangedIsRefusedOrReadAsAPlainDecoderReadsIt) {
  constexpr std::string_view kBytes = "{}[]\",:\\ 0.eu\x01\xff";
  size_t taken = 0, refused = 0, lenient = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(kSeed + round);
    RandomWriter writer(kSeed + round);
    std::string sent = RandomWriteBody(writer, /*update=*/false);
    for (size_t changes = 1 + writer.Below(2); changes > 0; --changes) {
      const size_t at = writer.Below(sent.size());
      const char byte = kBytes[writer.Below(kBytes.size())];
      switch (writer.Below(3)) {
        case 0:
          sent[at] = byte;
          break;
        case 1:
          sent.insert(at, 1, byte);
          break;
        default:
          sent.erase(at, 1);
          if (sent.empty()) sent = " ";
      }
    }
    std::string body = sent;
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    if (!write.ok()) {
      EXPECT_TRUE(write.error().status == 400 || write.error().status == 422);
      ++refused;
      continue;
    }
    ++taken;
    const Json plain = Json::parse(sent, nullptr, /*allow_exceptions=*/false);
    if (plain.is_discarded()) {
      ++lenient;  // of fields that mean nothing here, simdjson looks at the brackets and quotes alone
      continue;
    }
    ExpectTheSame(write.value(), plain);
    if (testing::Test::HasFailure()) FAIL() << sent;
  }
  EXPECT_GT(taken, 500u);
  EXPECT_GT(refused, 500u);
  EXPECT_LT(lenient, taken / 10);
}

TEST(BodyFormsTest, NumbersOfAnyLengthAreReadExactly) {
  SCOPED_TRACE(kSeed);
  RandomWriter writer(kSeed);
  const auto digits = [&](size_t count) {
    std::string text;
    while (count-- > 0) text += static_cast<char>('0' + writer.Below(10));
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string number = writer.OneIn(2) ? "-" : "";
    number += writer.OneIn(2) ? "0" : std::to_string(1 + writer.Below(9)) + digits(writer.Below(25));
    if (!writer.OneIn(4)) number += "." + std::string(writer.Below(4), '0') + digits(1 + writer.Below(40));
    if (writer.OneIn(2)) number += (writer.OneIn(2) ? "e-" : "E+") + std::to_string(writer.Below(12));
    std::string body = R"({"ids": ["a"], "embeddings": [[)" + number + " ]]}";
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    ASSERT_TRUE(write.ok()) << number << ": " << write.error().message;
    const auto expected = static_cast<float>(std::strtod(number.c_str(), nullptr));
    ASSERT_EQ(std::bit_cast<uint32_t>(write.value().embeddings.Row(0)[0]), std::bit_cast<uint32_t>(expected)) << number;
  }
}

TEST(BodyFormsTest, AFieldThatComesTwiceIsRefused) {
  for (const std::string twice : {R"({"ids": ["a"], "embeddings": [[1]], "ids": ["b"]})",
                                  R"({"ids": ["a"], "embeddings": [[1]], "embeddings": ["AACAPw=="]})",
                                  R"({"ids": ["a"], "\u0069ds": ["b"], "embeddings": [[1]]})",
                                  R"({"ids": ["a"], "embeddings": [[1]], "documents": null, "documents": ["x"]})"}) {
    std::string body = twice;
    const HttpResult<WriteBody> write = ParseWriteBody(OperationKind::kAdd, body);
    ASSERT_FALSE(write.ok()) << twice;
    EXPECT_EQ(write.error().status, 422);
    EXPECT_NE(write.error().message.find("duplicate field"), std::string::npos);
  }
  std::string body = R"({"limit": 1, "limit": 2})";
  EXPECT_FALSE(ParseReadBody(body).ok());
  body = R"({"other": 1, "other": 2})";
  EXPECT_TRUE(ParseReadBody(body).ok());
}

}  // namespace
}  // namespace ochre
