// Searches a dictionary: the 117,659 glosses of WordNet by meaning, metadata and text. Ochre's main job on real input.
// The first run loads the database, an interrupted load goes on where it stopped, later runs only search.
#include <ochre/ochre.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>
#ifdef OCHRE_HAS_FASTTEXT
#include <ochre/fasttext.h>
#endif

#include "wordnet.h"

namespace {

using ochre::Result;
using ochre::Status;

constexpr std::string_view kUsage = R"(Usage: dictionary_search [option...]
  --db DIR               the database (default build/demo/wordnet.ochre)
  --model FILE           a fastText model (.bin); without it the hashing embedder finds shared words, not meaning
  --query TEXT           search for this, and not for the examples
  --where JSON           metadata filter, e.g. {"lexfile": "noun.animal"} or {"tag_count": {"$gte": 5}}
  --where-document JSON  text filter, e.g. {"$contains": "star"}
  --n N                  how many results (default 5)
  --limit N              load the first N synsets only
  --rebuild              delete the collection and load it again
  --write-corpus FILE    only write the text that scripts/demo.sh trains the model on
)";

struct Options {
  std::string database = "build/demo/wordnet.ochre";
  std::string model;
  std::string query;
  std::string where = "null";
  std::string where_document = "null";
  std::string corpus;
  int64_t n_results = 5;
  int64_t limit = -1;  // all
  bool rebuild = false;
  bool help = false;
};

class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  double Milliseconds() const { return Seconds() * 1000; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<int64_t> ParseCount(std::string_view option, std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return Status::InvalidArgument(option, " takes a number of at least 1, and was given \"", text, "\"");
}

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "-h" || name == "--help") {
      options.help = true;
      continue;
    }
    if (name == "--rebuild") {
      options.rebuild = true;
      continue;
    }
    if (i + 1 == argc)
      return Status::InvalidArgument("the option ", name, " is unknown or lacks its value; see --help");
    const std::string_view value = argv[++i];
    if (name == "--db") {
      options.database = value;
    } else if (name == "--model") {
      options.model = value;
    } else if (name == "--query") {
      options.query = value;
    } else if (name == "--where") {
      options.where = value;
    } else if (name == "--where-document") {
      options.where_document = value;
    } else if (name == "--write-corpus") {
      options.corpus = value;
    } else if (name == "--n") {
      OCHRE_ASSIGN_OR_RETURN(options.n_results, ParseCount(name, value));
    } else if (name == "--limit") {
      OCHRE_ASSIGN_OR_RETURN(options.limit, ParseCount(name, value));
    } else {
      return Status::InvalidArgument("unknown option ", name, "; see --help");
    }
  }
  return options;
}

// One line a synset: its words and its gloss. Lower case and blanks only, for fastText splits at nothing else.
Status WriteCorpus(const std::vector<Synset>& synsets, const std::string& path) {
  std::ofstream file(path);
  for (const Synset& synset : synsets) {
    std::string line;
    for (const std::string& word : synset.words) line += word + " ";
    line += synset.gloss;
    for (char& c : line) {
      const auto byte = static_cast<unsigned char>(c);
      c = std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : ' ';
    }
    file << line << "\n";
  }
  file.close();
  return file ? Status::Ok() : Status::Unavailable("cannot write ", path);
}

Result<std::shared_ptr<const ochre::EmbeddingFunction>> LoadEmbedder(const std::string& model) {
  if (model.empty()) return ochre::MakeHashingEmbedder();
#ifdef OCHRE_HAS_FASTTEXT
  return ochre::LoadFastTextEmbedder(model);
#else
  return Status::FailedPrecondition("this program was built without fastText; leave out --model");
#endif
}

// Redraws one line on a terminal; elsewhere prints a line now and then.
void ShowProgress(size_t done, size_t total, double seconds) {
  static const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  constexpr size_t kWidth = 40, kLinesApart = 20'000;
  const bool finished = done == total;
  if (!is_terminal && !finished && done % kLinesApart != 0) return;
  const std::string bar(kWidth * done / total, '#');
  std::printf("%s  [%-*s] %zu/%zu, %.0f records/s acknowledged%s", is_terminal ? "\r" : "", static_cast<int>(kWidth),
              bar.c_str(), done, total, static_cast<double>(done) / seconds, is_terminal && !finished ? "" : "\n");
  std::fflush(stdout);
}

// Those of `synsets` that an earlier, interrupted load has not added yet.
Result<std::vector<Synset>> MissingOf(std::vector<Synset> synsets, const ochre::Collection& collection) {
  OCHRE_ASSIGN_OR_RETURN(const ochre::GetResult present, collection.Get({.include = {}}));
  std::unordered_set<std::string_view> ids;
  for (size_t i = 0; i < present.size(); ++i) ids.insert(present.ids[i]);
  std::erase_if(synsets, [&](const Synset& synset) { return ids.contains(synset.id); });
  return synsets;
}

// Adds the synsets in batches, each of which is durable when Add returns.
Status Load(ochre::Collection& collection, const ochre::EmbeddingFunction& embedder,
            const std::vector<Synset>& synsets) {
  constexpr size_t kBatch = 1'000;
  const auto dimension = static_cast<size_t>(embedder.Dimension());
  double embedding_seconds = 0, adding_seconds = 0;
  for (size_t begin = 0; begin < synsets.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, synsets.size());
    std::vector<std::string_view> ids, glosses;
    std::vector<ochre::Metadata> metadatas;
    for (size_t i = begin; i < end; ++i) {
      const Synset& synset = synsets[i];
      ids.push_back(synset.id);
      glosses.push_back(synset.gloss);
      metadatas.push_back({{"words", synset.words},
                           {"lemma", synset.words.front()},
                           {"lemma_count", synset.words.size()},
                           {"pos", synset.part_of_speech},
                           {"lexfile", synset.lexicographer_file},
                           {"tag_count", synset.tag_count}});
    }

    // The collection would embed documents by itself; done here, the two times can be told apart.
    std::vector<float> rows(glosses.size() * dimension);
    const Stopwatch embedding;
    OCHRE_RETURN_IF_ERROR(embedder.Embed(glosses, rows));
    embedding_seconds += embedding.Seconds();

    const Stopwatch adding;
    const auto added = collection.Add(
        {.ids = ids, .embeddings = {rows, embedder.Dimension()}, .documents = glosses, .metadatas = metadatas});
    OCHRE_RETURN_IF_ERROR(added.status());
    adding_seconds += adding.Seconds();
    ShowProgress(end, synsets.size(), adding_seconds);
  }
  std::printf("  embedding took %.1f s, adding %.1f s\n", embedding_seconds, adding_seconds);
  return Status::Ok();
}

// Makes sure that all of `synsets` are in the collection, and indexed.
Status LoadMissing(ochre::Client& client, ochre::Collection& collection, const ochre::EmbeddingFunction& embedder,
                   std::vector<Synset> synsets) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t count, collection.Count());
  const auto total = static_cast<int64_t>(synsets.size());
  if (count >= total) {
    std::printf("The database holds all %lld synsets.\n", static_cast<long long>(total));
  } else {
    if (count > 0) std::printf("An earlier load was interrupted after %lld synsets.\n", static_cast<long long>(count));
    OCHRE_ASSIGN_OR_RETURN(const std::vector<Synset> missing, MissingOf(std::move(synsets), collection));
    std::printf("Adding %zu synsets ...\n", missing.size());
    OCHRE_RETURN_IF_ERROR(Load(collection, embedder, missing));
    std::printf("Compacting into one segment ...\n");
    const Stopwatch compacting;
    OCHRE_RETURN_IF_ERROR(client.Compact(collection));
    std::printf("  took %.1f s\n", compacting.Seconds());
  }
  OCHRE_ASSIGN_OR_RETURN(const ochre::CollectionStats stats, client.Stats(collection));
  std::printf("  %lld records, %lld in %lld segment(s) of %.1f MB, %lld in the log's tail\n",
              static_cast<long long>(stats.record_count), static_cast<long long>(stats.segment_records),
              static_cast<long long>(stats.segment_count), static_cast<double>(stats.segment_bytes) / 1e6,
              static_cast<long long>(stats.tail_records));
  return Status::Ok();
}

Status Search(const ochre::Collection& collection, const std::string& text, const ochre::Filter& where,
              const ochre::Filter& where_document, int64_t n_results) {
  std::printf("\n\"%s\"", text.c_str());
  if (!where.matches_all()) std::printf(" where %s", where.ToJson().c_str());
  if (!where_document.matches_all()) std::printf(" where document %s", where_document.ToJson().c_str());
  const Stopwatch stopwatch;
  OCHRE_ASSIGN_OR_RETURN(
      const ochre::QueryResult hits,
      collection.Query({.texts = {text}, .n_results = n_results, .where = where, .where_document = where_document}));
  std::printf(" (%.2f ms, with embedding)\n", stopwatch.Milliseconds());
  for (size_t i = 0; i < hits.size(); ++i) {
    const ochre::Metadata metadata = (*hits.metadatas)[i];
    std::string words;
    for (const std::string& word : *metadata.at("words").get_if<std::vector<std::string>>()) {
      words += (words.empty() ? "" : ", ") + word;
    }
    std::cout << "  " << std::fixed << (*hits.distances)[i] << "  " << words << " ["
              << *metadata.at("lexfile").get_if<std::string>() << "]: " << (*hits.documents)[i] << std::endl;
  }
  return Status::Ok();
}

// By meaning; with a metadata filter; with a text filter; with both.
Status SearchExamples(const ochre::Collection& collection, int64_t n_results) {
  using ochre::Document, ochre::Key;
  // The first search is slower: it reads the index from the disk, and compares its checksums.
  OCHRE_RETURN_IF_ERROR(Search(collection, "fear of spiders", {}, {}, n_results));
  const std::string text = "a person who studies the stars";
  OCHRE_RETURN_IF_ERROR(Search(collection, text, {}, {}, n_results));
  OCHRE_RETURN_IF_ERROR(
      Search(collection, text, Key("lexfile") == "noun.person" && Key("tag_count") >= 1, {}, n_results));
  OCHRE_RETURN_IF_ERROR(Search(collection, text, {}, Document().Contains("telescope"), n_results));
  return Search(collection, text, Key("pos") == "noun" && Key("words").NotContains("astronomer"),
                Document().Matches(R"((?i)(?-u:\b)(sun|planets?|celestial)(?-u:\b))"), n_results);
}

Status Run(const Options& options) {
  OCHRE_ASSIGN_OR_RETURN(const ochre::Filter where, ochre::Filter::FromJson(options.where));
  OCHRE_ASSIGN_OR_RETURN(const ochre::Filter where_document, ochre::Filter::DocumentFromJson(options.where_document));
  OCHRE_ASSIGN_OR_RETURN(std::vector<Synset> synsets, ReadWordNet());
  if (options.limit > 0 && static_cast<size_t>(options.limit) < synsets.size()) {
    synsets.resize(static_cast<size_t>(options.limit));
  }
  if (!options.corpus.empty()) return WriteCorpus(synsets, options.corpus);

  OCHRE_ASSIGN_OR_RETURN(const auto embedder, LoadEmbedder(options.model));
  {
    OCHRE_ASSIGN_OR_RETURN(const auto client, ochre::Client::Open(options.database));
    if (options.rebuild) {
      const Status deleted = client->DeleteCollection("glosses");
      if (!deleted.ok() && deleted.code() != ochre::StatusCode::kNotFound) return deleted;
    }
    OCHRE_ASSIGN_OR_RETURN(auto glosses, client->GetOrCreateCollection("glosses", {.space = ochre::Space::kCosine,
                                                                                   .embedding_function = embedder}));
    OCHRE_RETURN_IF_ERROR(LoadMissing(*client, glosses, *embedder, std::move(synsets)));
    OCHRE_RETURN_IF_ERROR(client->Close());
  }

  const Stopwatch opening;
  OCHRE_ASSIGN_OR_RETURN(const auto client, ochre::Client::Open(options.database));
  OCHRE_ASSIGN_OR_RETURN(const auto glosses, client->GetCollection("glosses", embedder));
  std::printf("Closed, and opened again in %.1f ms.\n", opening.Milliseconds());
  if (options.query.empty()) {
    OCHRE_RETURN_IF_ERROR(SearchExamples(glosses, options.n_results));
  } else {
    OCHRE_RETURN_IF_ERROR(Search(glosses, options.query, where, where_document, options.n_results));
  }
  return client->Close();
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Options> options = ParseOptions(argc, argv);
  if (options.ok() && options->help) {
    std::cout << kUsage;
    return 0;
  }
  const Status status = options.ok() ? Run(*options) : options.status();
  if (!status.ok()) std::cerr << "dictionary_search: " << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
