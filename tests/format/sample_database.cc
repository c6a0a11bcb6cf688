#include "tests/format/sample_database.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "segment/vector_index_writer.h"
#include "tests/support/expect_ok.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 4;
constexpr int64_t kLargeRows = kGraphRowsMin + 200;
// Too few to be merged with the large segment (kMergeRatio), so that they stay a segment of their own.
constexpr int64_t kSmallRows = 300;
constexpr int64_t kTailRows = 20;

void Upsert(Collection& collection, int64_t first, int64_t count) {
  std::mt19937 engine(static_cast<uint32_t>(first));
  std::vector<std::string> ids, documents;
  std::vector<float> embeddings;
  std::vector<Metadata> metadatas;
  for (int64_t i = first; i < first + count; ++i) {
    ids.push_back("id" + std::to_string(i));
    documents.push_back("document " + std::to_string(i) + (i % 10 == 0 ? " tenth" : "") + " of the sample");
    for (int32_t d = 0; d < kDimension; ++d) embeddings.push_back(static_cast<float>(engine() % 1'000) / 10);
    metadatas.push_back({{"number", i}, {"group", "g" + std::to_string(i % 7)}});
  }
  ASSERT_OK(collection.Upsert({.ids = ids,
                               .embeddings = {embeddings, kDimension},
                               .documents = documents,
                               .metadatas = metadatas,
                               .uris = ids}));
}

void AppendColumns(const RecordColumns& columns, std::ostream& text) {
  for (size_t row = 0; row < columns.size(); ++row) {
    text << columns.ids[row];
    if (columns.documents.has_value()) text << '|' << (*columns.documents)[row];
    if (columns.uris.has_value()) text << '|' << (*columns.uris)[row];
    if (columns.metadatas.has_value()) text << '|' << MetadataToJson((*columns.metadatas)[row]);
    if (columns.embeddings.has_value()) {
      const auto embedding = columns.embeddings->Row(static_cast<int64_t>(row));
      text.write(reinterpret_cast<const char*>(embedding.data()), static_cast<std::streamsize>(embedding.size_bytes()));
    }
    text << '\n';
  }
}

SampleAnswer AnswerOf(std::string read, const Result<GetResult>& result) {
  std::ostringstream text;
  if (result.ok()) AppendColumns(*result, text);
  return {std::move(read), result.status(), text.str()};
}

SampleAnswer AnswerOf(std::string read, const Result<QueryResult>& result) {
  std::ostringstream text;
  if (result.ok()) {
    AppendColumns(*result, text);
    for (const float distance : *result->distances) {
      text.write(reinterpret_cast<const char*>(&distance), sizeof(distance));
    }
  }
  return {std::move(read), result.status(), text.str()};
}

}  // namespace

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void WriteFile(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

ClientOptions SampleOptions() { return {.durability = Durability::kNone, .compaction_threads = 1}; }

std::vector<SampleAnswer> ReadEverything(const Collection& collection) {
  const Include everything = {.documents = true, .metadatas = true, .embeddings = true, .uris = true};
  Include everything_found = everything;
  everything_found.distances = true;
  const std::vector<float> query = {20, 40, 60, 80};
  const MatrixSpan embeddings = {query, kDimension};
  std::vector<SampleAnswer> answers;
  answers.push_back(AnswerOf("get all", collection.Get({.include = everything})));
  answers.push_back(AnswerOf("get by id", collection.Get({.ids = {{"id7", "id5000", "id5300", "no such id"}}})));
  answers.push_back(AnswerOf("get by number", collection.Get({.where = Key("number") >= 4'900})));
  answers.push_back(AnswerOf("get by group", collection.Get({.where = Key("group") == "g3"})));
  answers.push_back(AnswerOf("get by substring", collection.Get({.where_document = Document().Contains("tenth")})));
  answers.push_back(AnswerOf("query", collection.Query({.embeddings = embeddings, .include = everything_found})));
  // With few candidates the planner takes the graph for so small a segment too (executor/rank_planner.h).
  answers.push_back(AnswerOf("query by graph", collection.Query({.embeddings = embeddings, .ef_search = 10})));
  answers.push_back(AnswerOf("query exactly", collection.Query({.embeddings = embeddings, .exact = true})));
  answers.push_back(
      AnswerOf("query by group", collection.Query({.embeddings = embeddings, .where = Key("group") == "g3"})));
  const auto count = collection.Count();
  answers.push_back({"count", count.status(), count.ok() ? std::to_string(*count) : ""});
  return answers;
}

SampleDatabase::SampleDatabase() : path_(directory_.path() / "db"), older_(directory_.path() / "older") { Make(); }

void SampleDatabase::Make() {
  ClientOptions options = SampleOptions();
  options.tail_records_max = kSmallRows;
  {
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(path_, options));
    ASSERT_OK_AND_ASSIGN(Collection collection, client->CreateCollection(kSampleCollection));
    Upsert(collection, 0, kLargeRows);
    ASSERT_OK(client->Compact(collection));
  }
  CopyTo(older_);
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(path_, options));
  ASSERT_OK_AND_ASSIGN(Collection collection, client->GetCollection(kSampleCollection));
  ASSERT_OK(collection.Delete({.where = Key("number") < 5}));  // the deletion bitmap
  Upsert(collection, kLargeRows, kSmallRows);
  // Not WaitUntilCompacted, which would merge the two segments as those of a collection at rest.
  ASSERT_OK_AND_ASSIGN(CollectionStats stats, client->Stats(collection));
  for (int i = 0; stats.tail_records > 0 && i < 30'000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_OK_AND_ASSIGN(stats, client->Stats(collection));
  }
  answers_before_tail_ = ReadEverything(collection);
  Upsert(collection, kLargeRows + kSmallRows, kTailRows);
  ASSERT_OK_AND_ASSIGN(stats, client->Stats(collection));
  ASSERT_EQ(stats.segment_count, 2);
  ASSERT_EQ(stats.tail_records, kTailRows);
  answers_ = ReadEverything(collection);
  for (const SampleAnswer& answer : answers_) {
    ASSERT_OK(answer.status);
    ASSERT_FALSE(answer.text.empty()) << answer.read;
  }
  ASSERT_OK(client->Close());
  for (const auto& entry : std::filesystem::directory_iterator(path_ / "segments")) {
    segments_.push_back(std::filesystem::path("segments") / entry.path().filename());
  }
  ASSERT_EQ(segments_.size(), 2u);
  std::sort(segments_.begin(), segments_.end(), [this](const auto& a, const auto& b) {
    return std::filesystem::exists(path_ / a / "graph.bin") > std::filesystem::exists(path_ / b / "graph.bin");
  });
}

std::vector<std::filesystem::path> SampleDatabase::SegmentFiles() const {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& segment : segments_) {
    for (const auto& entry : std::filesystem::directory_iterator(path_ / segment)) {
      files.push_back(segment / entry.path().filename());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void SampleDatabase::CopyTo(const std::filesystem::path& path) const {
  std::filesystem::copy(path_, path, std::filesystem::copy_options::recursive);
}

}  // namespace ochre
