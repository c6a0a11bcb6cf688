// Building the inverted index of WordNet's glosses (wordnet-base) and asking it, beside doing without it.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <roaring/roaring.hh>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "inverted/inverted_index.h"
#include "inverted/inverted_index_writer.h"
#include "inverted/rows_of_ordinals.h"
#include "storage/memory_storage.h"

namespace ochre {
namespace {

// The definition and examples of each synset: what follows '|' on its line.
const std::vector<std::string>& Glosses() {
  static const std::vector<std::string> glosses = [] {
    std::vector<std::string> texts;
    for (const char* part : {"noun", "verb", "adj", "adv"}) {
      std::ifstream file(std::string("/usr/share/wordnet/data.") + part);
      for (std::string line; std::getline(file, line);) {
        const size_t bar = line.find("| ");
        if (bar != std::string::npos) texts.push_back(line.substr(bar + 2));
      }
    }
    if (texts.empty()) {
      std::cerr << "this benchmark needs /usr/share/wordnet/data.* (Debian: wordnet-base)\n";
      std::exit(1);
    }
    return texts;
  }();
  return glosses;
}

int64_t TextBytes(const std::vector<std::string>& texts) {
  int64_t bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<int64_t>(text.size());
  return bytes;
}

// The glosses `per_document` at a time: documents of a sentence, or of a few pages.
const std::vector<std::string>& Documents(int64_t per_document) {
  static std::map<int64_t, std::vector<std::string>> made;
  std::vector<std::string>& documents = made[per_document];
  if (!documents.empty()) return documents;
  for (size_t i = 0; i < Glosses().size(); ++i) {
    if (i % static_cast<size_t>(per_document) == 0) documents.emplace_back();
    documents.back() += Glosses()[i] + '\n';
  }
  return documents;
}

void AddAll(const std::vector<std::string>& documents, InvertedIndexWriter& writer) {
  for (uint32_t ordinal = 0; ordinal < documents.size(); ++ordinal) {
    writer.Add(Ordinal{ordinal}, EncodedMetadata(), documents[ordinal]);
  }
}

struct BuiltIndex {
  MemoryStorage storage;
  std::unique_ptr<const InvertedIndex> index;
};

const InvertedIndex& GlossIndex() {
  static const BuiltIndex* built = [] {
    auto* made = new BuiltIndex;
    InvertedIndexWriter writer;
    AddAll(Documents(1), writer);
    const auto files = writer.Finish(made->storage, "s").value();
    made->index = InvertedIndex::Open(made->storage, files[0], files[1], std::ssize(Documents(1))).value();
    return made;
  }();
  return *built->index;
}

// Words that are substrings of 0.8 % to 1.2 % of the glosses; 20 of them, evenly spread over the alphabet.
const std::vector<std::string>& WordsInOnePercent() {
  static const std::vector<std::string> words = [] {
    std::map<std::string, size_t> word_counts;  // whole words only: a first estimate
    for (const std::string& gloss : Glosses()) {
      std::set<std::string> seen;
      for (size_t i = 0; i < gloss.size();) {
        const size_t end = std::min(gloss.find_first_of(" ,;.\"'()-`", i), gloss.size());
        if (end - i >= 4) seen.insert(gloss.substr(i, end - i));
        i = end + 1;
      }
      for (const std::string& word : seen) ++word_counts[word];
    }
    std::vector<std::string> chosen;
    for (const auto& [word, count] : word_counts) {
      if (count * 300 < Glosses().size()) continue;  // under a third of a per cent as a word
      const auto documents = std::count_if(Glosses().begin(), Glosses().end(), [&](const std::string& gloss) {
        return memmem(gloss.data(), gloss.size(), word.data(), word.size()) != nullptr;
      });
      const double share = static_cast<double>(documents) / static_cast<double>(Glosses().size());
      if (share > 0.008 && share < 0.012) chosen.push_back(word);
    }
    std::vector<std::string> spread;
    for (size_t i = 0; i < std::min<size_t>(20, chosen.size()); ++i) spread.push_back(chosen[i * chosen.size() / 20]);
    return spread;
  }();
  return words;
}

bool Contains(const std::string& document, const std::string& word) {
  return memmem(document.data(), document.size(), word.data(), word.size()) != nullptr;
}

// arg: glosses a document.
void BM_BuildIndex(benchmark::State& state) {
  const std::vector<std::string>& documents = Documents(state.range(0));
  const int64_t text_bytes = TextBytes(documents);
  double memory = 0, size = 0;
  for (auto _ : state) {
    const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    InvertedIndexWriter writer;
    AddAll(documents, writer);
    memory = static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd - before);
    MemoryStorage storage;
    const auto files = writer.Finish(storage, "s").value();
    size = static_cast<double>(files[0].length + files[1].length);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * text_bytes);
  state.counters["text_MB"] = static_cast<double>(text_bytes) / 1e6;
  state.counters["documents"] = static_cast<double>(documents.size());
  state.counters["memory_per_text_byte"] = memory / static_cast<double>(text_bytes);
  state.counters["index_per_text_byte"] = size / static_cast<double>(text_bytes);
}
BENCHMARK(BM_BuildIndex)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);

// All words once an iteration; counters: a word, and how much faster than searching every gloss with memmem.
void BM_ContainsByTrigrams(benchmark::State& state) {
  const std::vector<std::string>& words = WordsInOnePercent();
  const InvertedIndex& index = GlossIndex();
  const auto by_trigrams = [&](bool verify) {
    uint64_t rows = 0;
    for (const std::string& word : words) {
      const Roaring candidates = *index.ContainsCandidates(word).value();
      if (!verify) {
        rows += candidates.cardinality();
        continue;
      }
      for (const uint32_t ordinal : candidates) rows += Contains(Glosses()[ordinal], word);
    }
    return rows;
  };
  const auto by_memmem = [&] {
    uint64_t rows = 0;
    for (const std::string& word : words) {
      for (const std::string& gloss : Glosses()) rows += Contains(gloss, word);
    }
    return rows;
  };
  const auto seconds_of = [](const auto& work) {
    const clock_t begin = clock();
    for (int i = 0; i < 3; ++i) benchmark::DoNotOptimize(work());
    return static_cast<double>(clock() - begin) / CLOCKS_PER_SEC / 3;
  };

  const bool verify = state.range(0) != 0;
  uint64_t rows = 0;
  for (auto _ : state) benchmark::DoNotOptimize(rows = by_trigrams(verify));
  const auto word_count = static_cast<double>(words.size());
  state.counters["words"] = word_count;
  state.counters["rows_per_word"] = static_cast<double>(rows) / word_count;
  state.counters["us_per_word"] =
      benchmark::Counter(word_count / 1e6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  if (verify) {
    if (rows != by_memmem()) state.SkipWithError("the index and memmem disagree");
    state.counters["x_memmem"] = seconds_of(by_memmem) / seconds_of([&] { return by_trigrams(true); });
  }
}
BENCHMARK(BM_ContainsByTrigrams)->ArgName("verify")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// args: rows of the result, of a million; in random order, as a range of a numeric column gives them.
void BM_RowsOfOrdinals(benchmark::State& state) {
  std::vector<uint32_t> ordinals(1'000'000);
  for (uint32_t i = 0; i < ordinals.size(); ++i) ordinals[i] = i;
  std::shuffle(ordinals.begin(), ordinals.end(), std::mt19937(1));
  ordinals.resize(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(RowsOfOrdinals(ordinals));
  const auto seconds_of = [](const auto& work) {
    const clock_t begin = clock();
    for (int i = 0; i < 20; ++i) work();
    return static_cast<double>(clock() - begin) / CLOCKS_PER_SEC;
  };
  const double one_by_one = seconds_of([&] {
    Roaring rows;
    rows.addMany(ordinals.size(), ordinals.data());
    benchmark::DoNotOptimize(rows);
  });
  state.counters["x_add_many"] = one_by_one / seconds_of([&] { benchmark::DoNotOptimize(RowsOfOrdinals(ordinals)); });
}
BENCHMARK(BM_RowsOfOrdinals)->Arg(100)->Arg(10'000)->Arg(500'000)->Unit(benchmark::kMicrosecond);

// A range filter over 117,000 rows, each with a number in random order. arg: percent of the rows that it keeps.
void BM_Range(benchmark::State& state) {
  constexpr uint32_t kRows = 117'000;
  static const BuiltIndex* built = [] {
    std::vector<int64_t> numbers(kRows);
    for (uint32_t i = 0; i < kRows; ++i) numbers[i] = i;
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(1));
    auto* made = new BuiltIndex;
    InvertedIndexWriter writer;
    for (uint32_t i = 0; i < kRows; ++i) {
      Metadata metadata = {{"n", numbers[i]}};
      if (i % 100 != 0) metadata["not everywhere"] = numbers[i];
      const std::string encoded = EncodeMetadata(metadata);
      writer.Add(Ordinal{i}, EncodedMetadata(encoded), std::nullopt);
    }
    const auto files = writer.Finish(made->storage, "s").value();
    made->index = InvertedIndex::Open(made->storage, files[0], files[1], kRows).value();
    return made;
  }();
  const int64_t bound = int64_t{kRows} * state.range(0) / 100;
  const char* key = state.range(1) != 0 ? "n" : "not everywhere";
  for (auto _ : state) benchmark::DoNotOptimize(built->index->Compare(key, FilterOperator::kLess, bound));
}
BENCHMARK(BM_Range)
    ->ArgNames({"percent", "every_row"})
    ->ArgsProduct({{10, 50, 90}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

// A row each: 100,000 rows with a string of 1,000 values and an integer.
void BM_MetadataLookUp(benchmark::State& state) {
  static const BuiltIndex* built = [] {
    auto* made = new BuiltIndex;
    InvertedIndexWriter writer;
    for (uint32_t i = 0; i < 100'000; ++i) {
      const std::string metadata = EncodeMetadata({{"n", (i * 7'919) % 100'000}, {"s", std::to_string(i % 1'000)}});
      writer.Add(Ordinal{i}, EncodedMetadata(metadata), std::nullopt);
    }
    const auto files = writer.Finish(made->storage, "s").value();
    made->index = InvertedIndex::Open(made->storage, files[0], files[1], 100'000).value();
    return made;
  }();
  const bool number = state.range(0) != 0;
  uint32_t i = 0;
  for (auto _ : state) {
    i = (i + 617) % 1'000;
    benchmark::DoNotOptimize(number ? built->index->Equal("n", i) : built->index->Equal("s", std::to_string(i)));
  }
}
BENCHMARK(BM_MetadataLookUp)->ArgName("number")->Arg(0)->Arg(1);

}  // namespace
}  // namespace ochre
