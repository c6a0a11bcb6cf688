#include "inverted/inverted_index.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inverted/inverted_index_writer.h"
#include "inverted/term.h"
#include "storage/block_checksums.h"
#include "storage/local_storage.h"
#include "storage/memory_storage.h"
#include "storage/sorted_table.h"
#include "tests/storage/blob_contents.h"
#include "tests/storage/temporary_folder.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kRowCountMax = int64_t{1} << 32;

struct Row {
  Metadata metadata;
  std::optional<std::string> document;
};

std::vector<BlobInfo> WriteIndex(Storage& storage, const std::vector<Row>& rows) {
  InvertedIndexWriter writer;
  for (uint32_t ordinal = 0; ordinal < rows.size(); ++ordinal) {
    const std::string encoded = EncodeMetadata(rows[ordinal].metadata);
    const auto& document = rows[ordinal].document;
    writer.Add(Ordinal{ordinal}, EncodedMetadata(encoded),
               document.has_value() ? std::optional<std::string_view>(*document) : std::nullopt);
  }
  auto files = writer.Finish(storage, "s");
  EXPECT_TRUE(files.ok()) << files.status().ToString();
  return std::move(files).value();
}

std::vector<uint32_t> Ordinals(const Result<Roaring>& rows) {
  EXPECT_TRUE(rows.ok()) << rows.status().ToString();
  if (!rows.ok()) return {};
  return {rows->begin(), rows->end()};
}

class IndexOf {
 public:
  explicit IndexOf(const std::vector<Row>& rows) {
    const auto files = WriteIndex(storage_, rows);
    index_ = InvertedIndex::Open(storage_, files[0], files[1], kRowCountMax).value();
  }
  const InvertedIndex* operator->() const { return index_.get(); }

 private:
  MemoryStorage storage_;
  std::unique_ptr<const InvertedIndex> index_;
};

IndexOf IndexOfDocuments(const std::vector<std::string>& documents) {
  std::vector<Row> rows;
  for (const std::string& document : documents) rows.push_back({{}, document});
  return IndexOf(rows);
}

TEST(InvertedIndexTest, WritesItsTwoBlobsIntoTheFolder) {
  MemoryStorage storage;
  const auto files = WriteIndex(storage, {{{{"k", 1}}, "text"}});
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "s/postings.sst");
  EXPECT_EQ(files[1].name, "s/columns.bin");
  EXPECT_THAT(storage.List("s").value(), ElementsAre("columns.bin", "postings.sst"));
}

TEST(InvertedIndexTest, NoRowsAtAllIsAnIndexToo) {
  const IndexOf index({});
  EXPECT_THAT(Ordinals(index->HasDocument()), IsEmpty());
  EXPECT_THAT(Ordinals(index->Equal("k", 1)), IsEmpty());
  EXPECT_THAT(Ordinals(index->Equal("k", "x")), IsEmpty());
  EXPECT_TRUE(index->ContainsCandidates("abc").value()->isEmpty());
  EXPECT_EQ(index->Verify(), Status::Ok());
}

TEST(InvertedIndexTest, ValuesOfOtherTypesUnderTheSameKeyAreNotEqual) {
  const IndexOf index({{{{"k", true}}, {}},
                       {{{"k", 1}}, {}},
                       {{{"k", "1"}}, {}},
                       {{{"k", std::vector<int64_t>{1}}}, {}},
                       {{{"k", 1.0}}, {}},
                       {{{"k", std::string("\1", 1)}}, {}},
                       {{{"k", std::vector<std::string>{"1"}}}, {}},
                       {{{"k", std::vector<bool>{true}}}, {}},
                       {{{"k", std::vector<double>{1.0}}}, {}},
                       {{{"other", 1}}, {}}});
  EXPECT_THAT(Ordinals(index->Equal("k", true)), ElementsAre(0));
  EXPECT_THAT(Ordinals(index->Equal("k", 1)), ElementsAre(1, 4));
  EXPECT_THAT(Ordinals(index->Equal("k", 1.0)), ElementsAre(1, 4));
  EXPECT_THAT(Ordinals(index->Equal("k", "1")), ElementsAre(2));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 1)), ElementsAre(3, 8));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", "1")), ElementsAre(6));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", true)), ElementsAre(7));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 1.0)), ElementsAre(3, 8));
  EXPECT_THAT(Ordinals(index->Compare("k", FilterOperator::kLess, 2)), ElementsAre(1, 4));
}

TEST(InvertedIndexTest, StringsOfMegabytesAreToldApartByTheirLastByte) {
  const std::string text(5'000'000, 'x');
  const IndexOf index({{{{"k", text + "a"}}, {}}, {{{"k", text + "b"}}, {}}, {{{"k", text}}, {}}});
  EXPECT_THAT(Ordinals(index->Equal("k", text + "a")), ElementsAre(0));
  EXPECT_THAT(Ordinals(index->Equal("k", text + "b")), ElementsAre(1));
  EXPECT_THAT(Ordinals(index->Equal("k", text)), ElementsAre(2));
  EXPECT_THAT(Ordinals(index->Equal("k", text + "c")), IsEmpty());
}

TEST(InvertedIndexTest, NegativeZeroInAnArrayEqualsZero) {
  const IndexOf index({{{{"k", std::vector<double>{-0.0}}}, {}}, {{{"k", std::vector<double>{0.0, 1.0}}}, {}}});
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 0.0)), ElementsAre(0, 1));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", -0.0)), ElementsAre(0, 1));
}

TEST(InvertedIndexTest, NumbersInArraysCompareExactlyAsNumbers) {
  const int64_t large = (int64_t{1} << 53) + 1;  // no double is this
  const int64_t largest = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();
  const IndexOf index({{{{"k", std::vector<double>{4, 4.5}}}, {}},
                       {{{"k", std::vector<int64_t>{4, 5}}}, {}},
                       {{{"k", std::vector<int64_t>{large, largest, least}}}, {}},
                       {{{"k", std::vector<double>{0x1p53, 0x1p63, -0x1p63}}}, {}}});
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 4)), ElementsAre(0, 1));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 4.0)), ElementsAre(0, 1));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 4.5)), ElementsAre(0));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 5.0)), ElementsAre(1));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", large)), ElementsAre(2));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 0x1p53)), ElementsAre(3));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", largest)), ElementsAre(2));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 0x1p63)), ElementsAre(3));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", least)), ElementsAre(2, 3));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", -0x1p63)), ElementsAre(2, 3));
  EXPECT_THAT(Ordinals(index->ArrayContains("k", 1e300)), IsEmpty());
}

TEST(InvertedIndexTest, AnEmptyDocumentIsADocument) {
  const IndexOf index({{{}, ""}, {{}, std::nullopt}, {{}, "text"}});
  EXPECT_THAT(Ordinals(index->HasDocument()), ElementsAre(0, 2));
}

TEST(InvertedIndexTest, UnderThreeBytesNothingNarrows) {
  const IndexOf index = IndexOfDocuments({"abc"});
  for (const char* text : {"", "a", "ab", "\u00e4"}) {
    EXPECT_FALSE(index->ContainsCandidates(text).value().has_value()) << text;
    EXPECT_FALSE(index->LowerCaseCandidates(text).value().has_value()) << text;
  }
  EXPECT_FALSE(index->LowerCaseCandidates("\u00e4\u00f6\u00fc").value().has_value()) << "no trigram of ASCII alone";
}

TEST(InvertedIndexTest, CandidatesAreNarrow) {
  std::vector<std::string> documents(1'000, "the quick brown fox jumps over the lazy dog");
  documents[77] = "pack my box with five dozen liquor jugs";
  const IndexOf index = IndexOfDocuments(documents);
  EXPECT_THAT(Ordinals(*index->ContainsCandidates("five dozen").value()), ElementsAre(77));
  EXPECT_THAT(Ordinals(*index->ContainsCandidates("no such words").value()), IsEmpty());
  EXPECT_EQ(index->ContainsCandidates("BROWN").value()->cardinality(), 999u) << "the case is left to the documents";
}

// ---- Against a naive evaluation

// Values that collide across types, and the edges of each type.
MetadataValue RandomValue(std::mt19937& random) {
  const std::vector<int64_t> integers = {std::numeric_limits<int64_t>::min(), -1, 0, 1, 2, (int64_t{1} << 53) + 1,
                                         std::numeric_limits<int64_t>::max()};
  const std::vector<double> doubles = {
      -1e300, -1.0, -0.0, 0.0, 1.0, 1.5, 2.0, 9007199254740992.0, 9223372036854775808.0};
  const std::vector<std::string> strings = {"", "1", "a", "ab", "b", std::string("\0", 1), std::string(200, 'a')};
  const auto pick = [&](const auto& values) { return values[random() % values.size()]; };
  const size_t count = 1 + random() % 4;
  switch (random() % 10) {
    case 0:
      return random() % 2 == 0;
    case 1:
    case 2:
      return pick(integers);
    case 3:
    case 4:
      return pick(doubles);
    case 5:
      return pick(strings);
    case 6: {
      std::vector<bool> values;
      for (size_t i = 0; i < count; ++i) values.push_back(random() % 2 == 0);
      return values;
    }
    case 7: {
      std::vector<int64_t> values;
      for (size_t i = 0; i < count; ++i) values.push_back(pick(integers));
      return values;
    }
    case 8: {
      std::vector<double> values;
      for (size_t i = 0; i < count; ++i) values.push_back(pick(doubles));
      return values;
    }
    default: {
      std::vector<std::string> values;
      for (size_t i = 0; i < count; ++i) values.push_back(pick(strings));
      return values;
    }
  }
}

// The operand of a condition: a value of RandomValue, or the first element of an array.
FilterScalar RandomOperand(std::mt19937& random) {
  for (;;) {
    const MetadataValue value = RandomValue(random);
    if (const auto* boolean = value.get_if<bool>()) return *boolean;
    if (const auto* integer = value.get_if<int64_t>()) return *integer;
    if (const auto* number = value.get_if<double>()) return *number;
    if (const auto* text = value.get_if<std::string>()) return *text;
  }
}

// long double holds every int64 and every double exactly.
std::optional<long double> AsNumber(const MetadataValue& value) {
  if (const auto* integer = value.get_if<int64_t>()) return static_cast<long double>(*integer);
  if (const auto* number = value.get_if<double>()) return static_cast<long double>(*number);
  return std::nullopt;
}

std::optional<long double> AsNumber(const FilterScalar& scalar) {
  if (const auto* integer = scalar.get_if<int64_t>()) return static_cast<long double>(*integer);
  if (const auto* number = scalar.get_if<double>()) return static_cast<long double>(*number);
  return std::nullopt;
}

bool NaiveEqual(const MetadataValue& value, const FilterScalar& operand) {
  if (operand.is_number()) return AsNumber(value).has_value() && *AsNumber(value) == *AsNumber(operand);
  if (const auto* boolean = operand.get_if<bool>()) {
    return value.get_if<bool>() != nullptr && *value.get_if<bool>() == *boolean;
  }
  return value.get_if<std::string>() != nullptr && *value.get_if<std::string>() == *operand.get_if<std::string>();
}

bool NaiveCompare(const MetadataValue& value, FilterOperator op, const FilterScalar& operand) {
  const auto a = AsNumber(value);
  if (!a.has_value()) return false;
  const long double b = *AsNumber(operand);
  switch (op) {
    case FilterOperator::kGreater:
      return *a > b;
    case FilterOperator::kGreaterEqual:
      return *a >= b;
    case FilterOperator::kLess:
      return *a < b;
    default:
      return *a <= b;
  }
}

template <typename T>
bool NaiveHas(const MetadataValue& value, const FilterScalar& element) {
  const auto* values = value.get_if<std::vector<T>>();
  return values != nullptr && std::any_of(values->begin(), values->end(), [&](const T& candidate) {
           return NaiveEqual(MetadataValue(candidate), element);
         });
}

bool NaiveContains(const MetadataValue& value, const FilterScalar& element) {
  return NaiveHas<bool>(value, element) || NaiveHas<int64_t>(value, element) || NaiveHas<double>(value, element) ||
         NaiveHas<std::string>(value, element);
}

template <typename Condition>
std::vector<uint32_t> NaiveRows(const std::vector<Row>& rows, const std::string& key, Condition holds) {
  std::vector<uint32_t> ordinals;
  for (uint32_t ordinal = 0; ordinal < rows.size(); ++ordinal) {
    const auto found = rows[ordinal].metadata.find(key);
    if (found != rows[ordinal].metadata.end() && holds(found->second)) ordinals.push_back(ordinal);
  }
  return ordinals;
}

TEST(InvertedIndexTest, AnswersAsANaiveEvaluationOfEveryRowDoes) {
  // The second and third key could be confused with the first one and a piece of its values.
  const std::vector<std::string> keys = {"k", "ka", "k1", std::string(200, 'k')};
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::vector<Row> rows(500 * seed);
    for (Row& row : rows) {
      for (const std::string& key : keys) {
        if (random() % 4 != 0) row.metadata[key] = RandomValue(random);
      }
      if (random() % 10 == 0) row.metadata["sparse"] = SparseVector{{1, 5}, {0.5f, 1.0f}, {}};
      if (random() % 2 == 0) row.document = "d";
    }
    const IndexOf index(rows);
    for (int query = 0; query < 200; ++query) {
      const std::string& key = keys[random() % keys.size()];
      const FilterScalar operand = RandomOperand(random);
      ASSERT_EQ(Ordinals(index->Equal(key, operand)),
                NaiveRows(rows, key, [&](const MetadataValue& value) { return NaiveEqual(value, operand); }));
      ASSERT_EQ(Ordinals(index->ArrayContains(key, operand)),
                NaiveRows(rows, key, [&](const MetadataValue& value) { return NaiveContains(value, operand); }));
      if (!operand.is_number()) continue;
      for (const FilterOperator op : {FilterOperator::kGreater, FilterOperator::kGreaterEqual, FilterOperator::kLess,
                                      FilterOperator::kLessEqual}) {
        ASSERT_EQ(Ordinals(index->Compare(key, op, operand)),
                  NaiveRows(rows, key, [&](const MetadataValue& value) { return NaiveCompare(value, op, operand); }));
      }
    }
    std::vector<uint32_t> with_document;
    for (uint32_t ordinal = 0; ordinal < rows.size(); ++ordinal) {
      if (rows[ordinal].document.has_value()) with_document.push_back(ordinal);
    }
    EXPECT_EQ(Ordinals(index->HasDocument()), with_document);
  }
}

TEST(InvertedIndexTest, OrdinalsMayHaveGaps) {
  MemoryStorage storage;
  InvertedIndexWriter writer;
  const std::string metadata = EncodeMetadata({{"n", 1}, {"s", "x"}});
  for (const uint32_t ordinal : {3u, 70'000u, 4'000'000'000u}) {
    writer.Add(Ordinal{ordinal}, EncodedMetadata(metadata), "document");
  }
  const auto files = writer.Finish(storage, "s").value();
  const auto index = InvertedIndex::Open(storage, files[0], files[1], kRowCountMax).value();
  const auto expected = ElementsAre(3, 70'000, 4'000'000'000);
  EXPECT_THAT(Ordinals(index->Equal("n", 1)), expected);
  EXPECT_THAT(Ordinals(index->Equal("s", "x")), expected);
  EXPECT_THAT(Ordinals(index->HasDocument()), expected);
  EXPECT_THAT(Ordinals(*index->ContainsCandidates("docum").value()), expected);
}

// Runes that fold to ASCII, neighbours of theirs that share bytes, and letters.
std::string RandomText(std::mt19937& random, size_t runes) {
  const std::vector<std::string> alphabet = {"a",      "b",      "S",      "s",      "K",         "k",
                                             "I",      "i",      " ",      "\u0130", "\u017f",    "\u212a",
                                             "\u0131", "\u00e9", "\u00c9", "\u4e2d", "\U0001f600"};
  std::string text;
  for (size_t i = 0; i < runes; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

TEST(InvertedIndexTest, EverySubstringOfADocumentHasTheDocumentAmongItsCandidates) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::vector<std::string> documents;
    for (int i = 0; i < 300; ++i) documents.push_back(RandomText(random, random() % 60));
    documents.push_back(RandomText(random, 2'000));
    const IndexOf index = IndexOfDocuments(documents);
    const auto is_boundary = [](const std::string& text, size_t at) {
      return at == text.size() || (static_cast<uint8_t>(text[at]) & 0xc0) != 0x80;
    };
    for (int query = 0; query < 500; ++query) {
      const std::string& source = documents[random() % documents.size()];
      size_t begin = random() % (source.size() + 1);
      while (!is_boundary(source, begin)) --begin;
      size_t end = begin + random() % (source.size() - begin + 1);
      while (!is_boundary(source, end)) --end;
      if (end < begin) continue;
      const std::string pattern = source.substr(begin, end - begin);
      const auto candidates = index->ContainsCandidates(pattern).value();
      if (!candidates.has_value()) continue;
      for (uint32_t ordinal = 0; ordinal < documents.size(); ++ordinal) {
        if (documents[ordinal].find(pattern) == std::string::npos) continue;
        ASSERT_TRUE(candidates->contains(ordinal)) << pattern << " in " << documents[ordinal];
      }
    }
  }
}

// ---- Damage and concurrency

std::vector<Row> SmallRows() {
  return {{{{"n", 1}, {"s", "x"}}, "hello"}, {{{"n", 2.5}, {"a", std::vector<bool>{true}}}, "jello"}};
}

TEST(InvertedIndexTest, EveryDamagedByteIsDataLossThatNamesItsFileOrHarmless) {
  MemoryStorage memory;
  const auto files = WriteIndex(memory, SmallRows());
  for (size_t file = 0; file < 2; ++file) {
    const std::string contents = ReadBlob(memory, files[file].name);
    for (size_t i = 0; i < contents.size(); ++i) {
      MemoryStorage storage;
      std::string damaged = contents;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x04);
      WriteBlob(storage, files[file].name, damaged);
      WriteBlob(storage, files[1 - file].name, ReadBlob(memory, files[1 - file].name));
      const Status status = InvertedIndex::Open(storage, files[0], files[1], kRowCountMax).status();
      ASSERT_EQ(status.code(), StatusCode::kDataLoss) << i;
      ASSERT_THAT(status.message(), HasSubstr(files[file].name));
    }
  }
}

TEST(InvertedIndexTest, AMissingFileIsDataLoss) {
  MemoryStorage memory;
  const auto files = WriteIndex(memory, SmallRows());
  for (size_t file = 0; file < 2; ++file) {
    MemoryStorage storage;
    WriteBlob(storage, files[file].name, ReadBlob(memory, files[file].name));
    const Status status = InvertedIndex::Open(storage, files[0], files[1], kRowCountMax).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr(files[1 - file].name));
  }
}

TEST(InvertedIndexTest, AMalformedBitmapIsDataLoss) {
  Roaring rows;
  rows.addRange(0, 100);
  std::string bitmap(rows.getSizeInBytes(), '\0');
  rows.write(bitmap.data());
  for (const std::string& value : {std::string(), std::string("x"), bitmap.substr(0, bitmap.size() - 1), bitmap + "x",
                                   std::string(bitmap.size(), '\xff')}) {
    MemoryStorage storage;
    auto table = SortedTableWriter::Create(storage, "s/postings.sst").value();
    ASSERT_EQ(table->Add(HasDocumentTerm(), value), Status::Ok());
    const BlobInfo postings = table->Finish().value();
    InvertedIndexWriter writer;
    MemoryStorage other;
    const BlobInfo columns = writer.Finish(other, "s").value()[1];
    WriteBlob(storage, "s/columns.bin", ReadBlob(other, "s/columns.bin"));

    const auto index = InvertedIndex::Open(storage, postings, columns, kRowCountMax);
    ASSERT_TRUE(index.ok()) << index.status().ToString();
    const Status status = (*index)->HasDocument().status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << value.size();
    EXPECT_THAT(status.message(), HasSubstr("s/postings.sst"));
  }
}

TEST(InvertedIndexTest, RowsThatTheSegmentDoesNotHaveAreDataLossThatNamesTheFile) {
  MemoryStorage storage;
  const auto files = WriteIndex(storage, {{{{"n", 1}, {"s", "x"}}, "hello"}, {{{"n", 2}, {"s", "x"}}, "hello"}});
  ASSERT_OK(InvertedIndex::Open(storage, files[0], files[1], 2).value()->Verify());
  // Two numbers under a key are one more than one row can have.
  const Status columns = InvertedIndex::Open(storage, files[0], files[1], 1).status();
  EXPECT_EQ(columns.code(), StatusCode::kDataLoss);
  EXPECT_THAT(columns.message(), HasSubstr("s/columns.bin"));

  MemoryStorage no_numbers;
  const auto postings_only = WriteIndex(no_numbers, {{{{"s", "x"}}, "hello"}, {{{"s", "x"}}, "hello"}});
  const auto index = InvertedIndex::Open(no_numbers, postings_only[0], postings_only[1], 1).value();
  for (const Status& status : {index->Equal("s", "x").status(), index->HasDocument().status(),
                               index->ContainsCandidates("hello").status(), index->Verify()}) {
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("s/postings.sst"));
  }
}

TEST(InvertedIndexTest, VerifyFindsDamageThatNoQueryTouched) {
  MemoryStorage memory;
  std::vector<Row> rows;
  std::mt19937 random(1);
  for (int i = 0; i < 3'000; ++i) rows.push_back({{{"n", static_cast<int64_t>(random())}}, RandomText(random, 200)});
  const auto files = WriteIndex(memory, rows);
  ASSERT_GT(files[0].length, 3u * kChecksumBlockBytes);
  TemporaryFolder folder;
  LocalStorage storage(folder.path(), /*sync=*/false);
  std::string damaged = ReadBlob(memory, files[0].name);
  damaged[10] = static_cast<char>(damaged[10] ^ 1);
  WriteBlob(storage, files[0].name, damaged);
  WriteBlob(storage, files[1].name, ReadBlob(memory, files[1].name));

  const auto index = InvertedIndex::Open(storage, files[0], files[1], kRowCountMax);
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  const Status status = (*index)->Verify();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("s/postings.sst"));
}

TEST(InvertedIndexTest, ThreadsAskAtOnce) {
  std::vector<Row> rows;
  for (int i = 0; i < 1'000; ++i) rows.push_back({{{"n", i}, {"s", std::to_string(i % 7)}}, std::to_string(i)});
  const IndexOf index(rows);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(Ordinals(index->Equal("n", i)).size(), 1u);
        EXPECT_GE(Ordinals(index->Equal("s", std::to_string((i + t) % 7))).size(), 142u);
        EXPECT_EQ(index->ContainsCandidates(std::to_string(900 + i % 100)).value()->cardinality(), 1u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(InvertedIndexTest, AFolderWhoseNamesAreTakenIsRefused) {
  MemoryStorage storage;
  WriteIndex(storage, SmallRows());
  InvertedIndexWriter writer;
  EXPECT_EQ(writer.Finish(storage, "s").status().code(), StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace ochre
