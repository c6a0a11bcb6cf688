// Filters through the public API: what finding the matches costs, beside what is asked of them.
// Usage: filter_bench   (works in memory; wall time of one thread, medians)
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/support/measure.h"
#include "ochre/ochre.h"

namespace ochre {
namespace {

constexpr int64_t kNumberedRows = 117'000;
constexpr int64_t kLongDocuments = 63'000;
constexpr int32_t kDimension = 100;
constexpr int kCalls = 101;

double MedianMicroseconds(const std::function<void(int)>& call) {
  std::vector<double> samples;
  for (int i = 0; i < kCalls; ++i) samples.push_back(Microseconds([&] { call(i); }));
  std::nth_element(samples.begin(), samples.begin() + kCalls / 2, samples.end());
  return samples[kCalls / 2];
}

std::vector<float> RandomRows(int64_t rows, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(rows * kDimension));
  for (float& value : values) value = normal(random);
  return values;
}

// Each record has a number of its own in [0, kNumberedRows), in random order.
Collection NumberedRecords(Client& client) {
  std::mt19937 random(1);
  std::vector<int64_t> numbers(kNumberedRows);
  for (int64_t i = 0; i < kNumberedRows; ++i) numbers[static_cast<size_t>(i)] = i;
  std::shuffle(numbers.begin(), numbers.end(), random);
  std::vector<std::string> ids;
  std::vector<Metadata> metadatas;
  for (const int64_t number : numbers) {
    ids.push_back(std::to_string(ids.size()));
    metadatas.push_back({{"n", number}});
  }
  const std::vector<float> embeddings = RandomRows(kNumberedRows, random);
  Collection collection = Value(client.CreateCollection("numbered"));
  Value(collection.Add({.ids = ids, .embeddings = {embeddings, kDimension}, .metadatas = metadatas}));
  return collection;
}

// Documents of 200 words of 2,000; a third of them have the word "needle" too.
Collection LongDocuments(Client& client) {
  std::mt19937 random(2);
  std::vector<std::string> words;
  for (int i = 0; i < 2'000; ++i) {
    std::string& word = words.emplace_back();
    for (auto letters = 3 + random() % 7; letters > 0; --letters) word += static_cast<char>('a' + random() % 26);
  }
  Collection collection = Value(client.CreateCollection("documents"));
  constexpr int64_t kBatch = 9'000;
  for (int64_t begin = 0; begin < kLongDocuments; begin += kBatch) {
    std::vector<std::string> ids, documents;
    for (int64_t i = begin; i < begin + kBatch; ++i) {
      ids.push_back(std::to_string(i));
      std::string& document = documents.emplace_back();
      for (int j = 0; j < 200; ++j) document += words[random() % words.size()] + ' ';
      if (random() % 3 == 0) document += "needle";
    }
    const std::vector<float> embeddings(static_cast<size_t>(kBatch), 1.0f);
    Value(collection.Add({.ids = ids, .embeddings = {embeddings, 1}, .documents = documents}));
  }
  return collection;
}

void Ranges(const Collection& collection) {
  std::mt19937 random(3);
  const std::vector<float> queries = RandomRows(kCalls, random);
  const auto query = [&](int i, const Filter& where) {
    const std::span one(queries.data() + static_cast<ptrdiff_t>(i) * kDimension, kDimension);
    Value(collection.Query({.embeddings = {one, kDimension}, .where = where, .include = {}}));
  };
  for (int warm = 0; warm < kCalls; ++warm) query(warm, {});
  const double plain = MedianMicroseconds([&](int i) { query(i, {}); });
  std::printf("query of 10 of %lld without a filter: %.1f us\n", static_cast<long long>(kNumberedRows), plain);
  for (const int64_t percent : {10, 50, 90}) {
    const int64_t bound = kNumberedRows * percent / 100;
    // Each bound is another condition, so that no answer is known.
    const auto other = [&](int64_t i) { return Key("n") < bound - i; };
    const double first = MedianMicroseconds([&](int i) { Value(collection.Count(other(i))); });
    const double again = MedianMicroseconds([&](int) { Value(collection.Count(Key("n") < bound)); });
    const double ids =
        MedianMicroseconds([&](int) { Value(collection.Get({.where = Key("n") < bound, .include = {}})); });
    const double first_query = MedianMicroseconds([&](int i) { query(i, other(1'000 + i)); });
    const double query_again = MedianMicroseconds([&](int i) { query(i, Key("n") < bound); });
    std::printf(
        "a range of %lld%%: count %.1f us, again %.1f; get of the ids %.0f (%.0f times the count again); query "
        "%.1f (%.2f times a plain one), again %.1f (%.2f times)\n",
        static_cast<long long>(percent), first, again, ids, ids / again, first_query, first_query / plain, query_again,
        query_again / plain);
  }
}

void FirstOfAWord(const Collection& collection) {
  const Filter needle = Document().Contains("needle");
  const double first =
      MedianMicroseconds([&](int) { Value(collection.Get({.where_document = needle, .limit = 10, .include = {}})); });
  int64_t count = 0;
  const double all = Microseconds([&] { count = Value(collection.Count(needle)); });
  const double again = MedianMicroseconds([&](int) { Value(collection.Count(needle)); });
  std::printf("get of the first 10 of %lld that contain a word: %.1f us; all counted: %.1f us, again %.1f us\n",
              static_cast<long long>(count), first, all, again);
}

void Run() {
  const std::unique_ptr<Client> client = Value(Client::InMemory());
  const Collection numbered = NumberedRecords(*client);
  const Collection documents = LongDocuments(*client);
  for (const Collection& collection : {numbered, documents}) Check(client->Compact(collection));
  Ranges(numbered);
  FirstOfAWord(documents);
}

}  // namespace
}  // namespace ochre

int main() {
  ochre::Run();
  return 0;
}
