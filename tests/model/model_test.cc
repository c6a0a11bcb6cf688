// Random operations against the real library and against ReferenceStore: both must agree on every answer.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "ochre/ochre.h"
#include "tests/model/reference_store.h"
#include "tests/support/expect_ok.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 5;
constexpr int kOperationsPerRun = 1'500;

// Draws everything from one seed.
class Generator {
 public:
  explicit Generator(uint64_t seed) : engine_(seed) {}

  int64_t Number(int64_t min, int64_t max) {
    return min + static_cast<int64_t>(engine_() % static_cast<uint64_t>(max - min + 1));
  }
  bool Chance(int percent) { return Number(1, 100) <= percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(Number(0, static_cast<int64_t>(choices.size()) - 1))];
  }

  std::string Id() { return "id" + std::to_string(Number(0, 150)); }
  std::vector<float> Embedding() {
    std::vector<float> values;
    for (int i = 0; i < kDimension; ++i) values.push_back(static_cast<float>(Number(-3, 3)));
    return values;
  }
  std::string Text() {
    static const std::vector<std::string> words = {"red",
                                                   "Fox",
                                                   "blue",
                                                   "whale",
                                                   "\xC3\xA9t\xC3\xA9",
                                                   "a",
                                                   "KELVIN",
                                                   "kelvin",
                                                   "\xE2\x84\xAA"
                                                   "elvin",
                                                   "x1",
                                                   "\n",
                                                   "stars"};
    std::string text;
    for (int64_t i = Number(0, 5); i > 0; --i) {
      if (!text.empty()) text += ' ';
      text += Pick(words);
    }
    return text;
  }
  std::string Key() { return Pick<std::string>({"a", "b", "c", "d"}); }

  MetadataValue Value(bool may_be_null) {
    switch (Number(may_be_null ? -1 : 0, 8)) {
      case -1:
        return MetadataValue();
      case 0:
        return Chance(50);
      case 1:
        return Number(-2, 3);
      case 2:
        return static_cast<double>(Number(-4, 6)) / 2;
      case 3:
        return Pick<std::string>({"x", "y", "", "z"});
      case 4:
        return std::vector<int64_t>{Number(0, 2), Number(0, 2)};
      case 5:
        return std::vector<double>{static_cast<double>(Number(0, 2)), 0.5};
      case 6:
        return std::vector<std::string>{Pick<std::string>({"x", "y"}), "z"};
      case 7:
        return std::vector<bool>{Chance(50)};
      default:
        return SparseVector{{1, 7}, {0.5f, 2.0f}, {}};
    }
  }
  Metadata Map(bool may_be_null) {
    Metadata map;
    for (int64_t i = Number(0, 3); i > 0; --i) map[Key()] = Value(may_be_null);
    return map;
  }

  FilterScalar Scalar() {
    switch (Number(0, 3)) {
      case 0:
        return Chance(50);
      case 1:
        return Number(-2, 3);
      case 2:
        return static_cast<double>(Number(-4, 6)) / 2;
      default:
        return Pick<std::string>({"x", "y", "z", ""});
    }
  }
  Filter DocumentCondition() {
    const std::string text =
        Pick<std::string>({"red", "Fox", "fox", "el", "a", "", "kelvin", "KELV", "s r", "\xC3\xA9"});
    const std::string pattern = Pick<std::string>({"red", "(?i)kelvin", "fo+x|whale", "^a", "stars$", "\xC3\xA9t.",
                                                   "x[0-9]", "(?i)FOX.*red", "(red|blue) (Fox|whale)"});
    switch (Number(0, 3)) {
      case 0:
        return ochre::Document().Contains(text);
      case 1:
        return ochre::Document().NotContains(text);
      case 2:
        return ochre::Document().Matches(pattern);
      default:
        return ochre::Document().NotMatches(pattern);
    }
  }
  Filter Condition() {
    const ochre::Key key(Key());
    const FilterScalar number = Number(-4, 6) / 2.0;
    switch (Number(0, 13)) {
      case 0:
        return key == Scalar();
      case 1:
        return key != Scalar();
      case 2:
        return key > number;
      case 3:
        return key >= Number(-2, 3);
      case 4:
        return key < number;
      case 5:
        return key <= Number(-2, 3);
      case 6:
        return key.In({Number(-2, 3), 1.5});
      case 7:
        return key.NotIn({"x", "y"});
      case 8:
        return key.Contains(Scalar());
      case 9:
        return key.NotContains(Scalar());
      case 10:
        return ochre::Id().In({Id(), Id(), Id()});
      case 11:
        return ochre::Id() != Id();
      default:
        return DocumentCondition();
    }
  }
  Filter Where(int depth = 0) {
    if (depth == 0 && Chance(25)) return {};
    if (depth < 3 && Chance(40)) {
      std::vector<Filter> operands;
      for (int64_t i = Number(0, 3); i > 0; --i) operands.push_back(Where(depth + 1));
      return Chance(50) ? Filter::All(std::move(operands)) : Filter::Any(std::move(operands));
    }
    return Condition();
  }

 private:
  std::mt19937_64 engine_;
};

// One collection of the library and its model.
struct Pair {
  std::string name;
  Space space;
  Collection collection;
  ReferenceStore reference;
};

class ModelRun {
 public:
  ModelRun(uint64_t seed, bool in_memory) : random_(seed), in_memory_(in_memory) {
    // Small enough that the background compactor and its merges take part.
    options_.tail_records_max = 200;
    options_.compaction_threads = 1;
    options_.durability = Durability::kNone;
  }

  void Run() {
    OpenClient();
    for (const auto& [name, space] : {std::pair("first", Space::kL2), std::pair("second", Space::kCosine),
                                      std::pair("third", Space::kInnerProduct)}) {
      ASSERT_OK_AND_ASSIGN(Collection collection, client_->CreateCollection(name, {.space = space}));
      pairs_.push_back({name, space, collection, ReferenceStore(space)});
    }
    for (int i = 0; i < kOperationsPerRun && !testing::Test::HasFatalFailure(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      Pair& pair = pairs_[static_cast<size_t>(random_.Number(0, 2))];
      const int64_t what = random_.Number(0, 99);
      if (what < 45) {
        Write(pair);
      } else if (what < 55) {
        Delete(pair);
      } else if (what < 75) {
        Get(pair);
      } else if (what < 95) {
        Query(pair);
      } else if (what < 98) {
        ASSERT_OK(client_->Compact(pair.collection));
      } else if (!in_memory_) {
        Reopen();
      }
    }
    for (Pair& pair : pairs_) {
      CompareAll(pair);
      ASSERT_OK(client_->WaitUntilCompacted(pair.collection));
      ASSERT_OK(client_->Compact(pair.collection));
      CompareAll(pair);
      ASSERT_OK(client_->Verify(pair.collection));
    }
  }

 private:
  void OpenClient() {
    ASSERT_OK_AND_ASSIGN(client_, in_memory_ ? Client::InMemory(options_) : Client::Open(directory_.path(), options_));
  }

  void Reopen() {
    ASSERT_OK(client_->Close());
    OpenClient();
    for (Pair& pair : pairs_) {
      ASSERT_OK_AND_ASSIGN(pair.collection, client_->GetCollection(pair.name));
    }
  }

  void Write(Pair& pair) {
    const auto kind = random_.Number(0, 2);  // add, update, upsert
    const bool is_update = kind == 1;
    std::map<std::string, ReferenceChange> changes;
    for (int64_t i = random_.Number(1, 20); i > 0; --i) {
      ReferenceChange change = {.id = random_.Id(), .embedding = {}, .document = {}, .uri = {}, .metadata = {}};
      if (!is_update || random_.Chance(50)) change.embedding = random_.Embedding();
      if (random_.Chance(60)) change.document = random_.Text();
      if (random_.Chance(20)) change.uri = "u" + std::to_string(random_.Number(0, 9));
      if (random_.Chance(70)) change.metadata = random_.Map(/*may_be_null=*/kind != 0);
      changes.emplace(change.id, change);
    }
    std::vector<std::string> ids;
    std::vector<float> values;
    std::vector<uint8_t> given;
    std::vector<std::optional<std::string>> documents, uris;
    std::vector<Metadata> metadatas;
    for (const auto& [id, change] : changes) {
      ids.push_back(id);
      given.push_back(change.embedding.has_value() ? 1 : 0);
      const std::vector<float> row = change.embedding.value_or(std::vector<float>(kDimension));
      values.insert(values.end(), row.begin(), row.end());
      documents.push_back(change.document);
      uris.push_back(change.uri);
      metadatas.push_back(change.metadata);
      if (kind == 0) pair.reference.Add(change);
      if (kind == 1) pair.reference.Update(change);
      if (kind == 2) pair.reference.Upsert(change);
    }
    const Records records = {.ids = ids,
                             .embeddings = {values, kDimension},
                             .embedding_given = given,
                             .documents = documents,
                             .metadatas = metadatas,
                             .uris = uris};
    if (kind == 0) ASSERT_OK(pair.collection.Add(records));
    if (kind == 1) ASSERT_OK(pair.collection.Update(records));
    if (kind == 2) ASSERT_OK(pair.collection.Upsert(records));
  }

  std::optional<std::vector<std::string>> MaybeIds() {
    if (random_.Chance(70)) return std::nullopt;
    std::vector<std::string> ids;
    for (int64_t i = random_.Number(0, 8); i > 0; --i) ids.push_back(random_.Id());
    return ids;
  }

  void Delete(Pair& pair) {
    auto ids = MaybeIds();
    Filter where = random_.Chance(40) ? random_.Where() : Filter();
    std::optional<int64_t> limit;
    if (!where.matches_all() && random_.Chance(50)) limit = random_.Number(0, 5);
    if (where.matches_all() && (!ids.has_value() || ids->empty())) ids = std::vector{random_.Id(), random_.Id()};
    std::vector<std::string> deleted;
    for (const ReferenceRecord* record : pair.reference.Select(ids, where, {})) {
      if (!limit.has_value() || static_cast<int64_t>(deleted.size()) < *limit) deleted.push_back(record->id);
    }
    pair.reference.Delete(deleted);
    DeleteRequest request = {.where = where, .limit = limit};
    if (ids.has_value()) request.ids = *ids;
    ASSERT_OK_AND_ASSIGN(const DeleteReceipt receipt, pair.collection.Delete(request));
    EXPECT_EQ(receipt.deleted, static_cast<int64_t>(deleted.size())) << where.ToJson();
  }

  void ExpectRow(const RecordColumns& columns, size_t row, const ReferenceRecord& expected) {
    ASSERT_EQ(columns.ids[row], expected.id);
    EXPECT_EQ(columns.documents->Get(row), expected.document) << expected.id;
    EXPECT_EQ(columns.uris->Get(row), expected.uri) << expected.id;
    EXPECT_EQ((*columns.metadatas)[row], expected.metadata) << expected.id;
    const auto embedding = columns.embeddings->Row(static_cast<int64_t>(row));
    EXPECT_EQ(std::vector<float>(embedding.begin(), embedding.end()), expected.embedding) << expected.id;
  }

  void Get(Pair& pair) {
    const auto ids = MaybeIds();
    const Filter where = random_.Where();
    const Filter where_document = random_.Chance(30) ? random_.DocumentCondition() : Filter();
    const int64_t offset = random_.Chance(30) ? random_.Number(0, 20) : 0;
    std::optional<int64_t> limit;
    if (random_.Chance(40)) limit = random_.Number(0, 20);
    std::vector<const ReferenceRecord*> expected = pair.reference.Select(ids, where, where_document);
    expected.erase(expected.begin(), expected.begin() + std::min<ptrdiff_t>(offset, std::ssize(expected)));
    if (limit.has_value() && std::ssize(expected) > *limit) expected.resize(static_cast<size_t>(*limit));
    GetRequest request = {.where = where,
                          .where_document = where_document,
                          .limit = limit,
                          .offset = offset,
                          .include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}};
    if (ids.has_value()) request.ids = *ids;
    ASSERT_OK_AND_ASSIGN(const GetResult found, pair.collection.Get(request));
    ASSERT_EQ(found.size(), expected.size()) << (where && where_document).ToJson();
    for (size_t i = 0; i < expected.size(); ++i) ExpectRow(found, i, *expected[i]);
  }

  void Query(Pair& pair) {
    const auto ids = MaybeIds();
    const Filter where = random_.Where();
    const Filter where_document = random_.Chance(20) ? random_.DocumentCondition() : Filter();
    std::vector<float> queries;
    std::vector<std::vector<float>> rows;
    for (int64_t i = random_.Number(1, 3); i > 0; --i) {
      rows.push_back(random_.Embedding());
      queries.insert(queries.end(), rows.back().begin(), rows.back().end());
    }
    const int64_t n_results = random_.Chance(10) ? 1'000'000'000'000 : random_.Number(1, 15);
    QueryRequest request = {
        .embeddings = {queries, kDimension},
        .n_results = n_results,
        .where = where,
        .where_document = where_document,
        .include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true, .distances = true},
        .exact = random_.Chance(50)};
    if (ids.has_value()) request.ids = *ids;
    ASSERT_OK_AND_ASSIGN(const QueryResult found, pair.collection.Query(request));
    ASSERT_EQ(found.query_count(), std::ssize(rows));
    ASSERT_OK_AND_ASSIGN(const int64_t count, pair.collection.Count(where, where_document));
    EXPECT_EQ(count, std::ssize(pair.reference.Select({}, where, where_document)))
        << (where && where_document).ToJson();
    const auto candidates = pair.reference.Select(ids, where, where_document);
    for (int64_t q = 0; q < found.query_count(); ++q) {
      const auto expected =
          pair.reference.Nearest(rows[static_cast<size_t>(q)], static_cast<size_t>(n_results), candidates);
      ASSERT_EQ(found.HitCount(q), std::ssize(expected)) << (where && where_document).ToJson();
      for (int64_t i = 0; i < found.HitCount(q); ++i) {
        const auto row = static_cast<size_t>(found.Row(q, i));
        EXPECT_EQ((*found.distances)[row], expected[static_cast<size_t>(i)].distance);
        ExpectRow(found, row, *expected[static_cast<size_t>(i)].record);
      }
    }
  }

  void CompareAll(Pair& pair) {
    ASSERT_OK_AND_ASSIGN(
        const GetResult found,
        pair.collection.Get({.include = {.documents = true, .metadatas = true, .embeddings = true, .uris = true}}));
    ASSERT_OK_AND_ASSIGN(const int64_t count, pair.collection.Count());
    ASSERT_EQ(count, std::ssize(pair.reference.records()));
    ASSERT_EQ(found.size(), pair.reference.records().size());
    for (size_t i = 0; i < found.size(); ++i) ExpectRow(found, i, pair.reference.records()[i]);
  }

  Generator random_;
  const bool in_memory_;
  ClientOptions options_;
  TemporaryDirectory directory_;
  std::unique_ptr<Client> client_;
  std::vector<Pair> pairs_;
};

class ModelTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ModelTest, ADatabaseOnDiskAgreesWithTheReference) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  ModelRun(GetParam(), /*in_memory=*/false).Run();
}

TEST_P(ModelTest, ADatabaseInMemoryAgreesWithTheReference) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  ModelRun(GetParam() + 1'000, /*in_memory=*/true).Run();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace ochre
