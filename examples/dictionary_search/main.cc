// Searches the glosses of WordNet by meaning, metadata and text: Ochre's main job on real input.
//
//   dictionary_search --db DIR [--model MODEL.bin] [--limit N] [--n N] [--query TEXT [--where JSON]
//                     [--where-document JSON]]
//   dictionary_search --write-corpus FILE    writes the texts that scripts/demo.sh trains the model on
//
// The first run loads the database; an interrupted load goes on where it stopped; later runs only search.
#include <ochre/ochre.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>
#ifdef OCHRE_HAS_FASTTEXT
#include <ochre/fasttext.h>
#endif

#include "wordnet.h"

namespace {

using ochre::Result;
using ochre::Status;

struct Options {
  std::string database;
  std::string model;   // empty: the built-in hashing embedder
  std::string corpus;  // write this and stop
  std::string query;   // empty: the tour
  std::string where = "null";
  std::string where_document = "null";
  int64_t limit = -1;  // load only so many synsets; -1: all
  int64_t n_results = 5;
};

class Stopwatch {
 public:
  double Milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return Status::InvalidArgument("option ", name, " lacks its value");
    const std::string value = argv[i + 1];
    int64_t number = 0;
    const bool is_number = std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc();
    if (name == "--db") {
      options.database = value;
    } else if (name == "--model") {
      options.model = value;
    } else if (name == "--write-corpus") {
      options.corpus = value;
    } else if (name == "--query") {
      options.query = value;
    } else if (name == "--where") {
      options.where = value;
    } else if (name == "--where-document") {
      options.where_document = value;
    } else if (name == "--limit" && is_number) {
      options.limit = number;
    } else if (name == "--n" && is_number) {
      options.n_results = number;
    } else {
      return Status::InvalidArgument("unknown option ", name, " ", value);
    }
  }
  if (options.database.empty() && options.corpus.empty()) return Status::InvalidArgument("--db DIR is missing");
  return options;
}

Status WriteCorpus(const std::vector<Synset>& synsets, const std::string& path) {
  std::ofstream file(path);
  for (const Synset& synset : synsets) {
    std::string line;
    for (const std::string& word : synset.words) line += word + " ";
    line += synset.gloss;
    // fastText splits at blanks only.
    for (char& c : line) c = std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : ' ';
    file << line << "\n";
  }
  file.close();
  return file ? Status::Ok() : Status::Unavailable("cannot write ", path);
}

Result<std::shared_ptr<const ochre::EmbeddingFunction>> LoadEmbedder(const std::string& model) {
  if (model.empty()) {
    std::cout << "No --model given: the hashing embedder finds shared words, not shared meaning.\n";
    return ochre::MakeHashingEmbedder();
  }
#ifdef OCHRE_HAS_FASTTEXT
  return ochre::LoadFastTextEmbedder(model);
#else
  return Status::FailedPrecondition("this program was built without fastText; leave out --model");
#endif
}

// Redraws one line on a terminal; elsewhere prints now and then.
void ShowProgress(size_t done, size_t total, double seconds) {
  static const bool terminal = isatty(STDOUT_FILENO) != 0;
  if (!terminal && done < total && done % 20'000 != 0) return;
  constexpr int kWidth = 40;
  const int filled = static_cast<int>(kWidth * done / total);
  std::printf("%s  [%-*s] %zu/%zu, %.0f records/s acknowledged%s", terminal ? "\r" : "", kWidth,
              std::string(static_cast<size_t>(filled), '#').c_str(), done, total, static_cast<double>(done) / seconds,
              terminal && done < total ? "" : "\n");
  std::fflush(stdout);
}

ochre::Metadata MetadataOf(const Synset& synset) {
  return {{"words", synset.words},
          {"lemma", synset.words.front()},
          {"pos", synset.part_of_speech},
          {"lexfile", synset.lexicographer_file},
          {"lemma_count", synset.lemma_count}};
}

Status Load(ochre::Collection& collection, const ochre::EmbeddingFunction& embedder,
            const std::vector<Synset>& synsets) {
  constexpr size_t kBatch = 1'000;
  std::cout << "Embedding " << synsets.size() << " glosses ...\n";
  const auto dimension = static_cast<size_t>(embedder.Dimension());
  std::vector<std::string_view> texts;
  for (const Synset& synset : synsets) texts.push_back(synset.gloss);
  std::vector<float> rows(texts.size() * dimension);
  const Stopwatch embedding;
  OCHRE_RETURN_IF_ERROR(embedder.Embed(texts, rows));
  std::printf("  %.1f s\nAdding them, each batch of %zu durable before the next ...\n", embedding.Milliseconds() / 1000,
              kBatch);
  const Stopwatch adding;
  for (size_t begin = 0; begin < synsets.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, synsets.size());
    std::vector<std::string> ids;
    std::vector<ochre::Metadata> metadatas;
    for (size_t i = begin; i < end; ++i) {
      ids.push_back(synsets[i].id);
      metadatas.push_back(MetadataOf(synsets[i]));
    }
    const std::span<const float> batch_rows(rows.data() + begin * dimension, (end - begin) * dimension);
    // Ids that an interrupted load has added already are left as they are.
    OCHRE_RETURN_IF_ERROR(collection
                              .Add({.ids = ids,
                                    .embeddings = {batch_rows, embedder.Dimension()},
                                    .documents = std::span<const std::string_view>(texts).subspan(begin, end - begin),
                                    .metadatas = metadatas})
                              .status());
    ShowProgress(end, synsets.size(), adding.Milliseconds() / 1000);
  }
  return Status::Ok();
}

Status PrintStats(const ochre::Client& client, const ochre::Collection& collection) {
  OCHRE_ASSIGN_OR_RETURN(const ochre::CollectionStats stats, client.Stats(collection));
  std::printf("  %lld records: %lld in %lld segment(s) of %.1f MB, %lld in the log's tail\n",
              static_cast<long long>(stats.record_count), static_cast<long long>(stats.segment_records),
              static_cast<long long>(stats.segment_count), static_cast<double>(stats.segment_bytes) / 1e6,
              static_cast<long long>(stats.tail_records));
  return Status::Ok();
}

Status Search(const ochre::Collection& collection, const std::string& text, const ochre::Filter& where,
              const ochre::Filter& where_document, int64_t n_results) {
  std::cout << "\n\"" << text << "\"";
  if (!where.matches_all()) std::cout << "  where " << where.ToJson();
  if (!where_document.matches_all()) std::cout << "  where_document " << where_document.ToJson();
  const Stopwatch stopwatch;
  OCHRE_ASSIGN_OR_RETURN(
      const ochre::QueryResult hits,
      collection.Query({.texts = {text}, .n_results = n_results, .where = where, .where_document = where_document}));
  std::printf("  (%.2f ms, embedding included)\n", stopwatch.Milliseconds());
  for (size_t i = 0; i < hits.size(); ++i) {
    const ochre::Metadata metadata = (*hits.metadatas)[i];
    std::string words;
    for (const std::string& word : *metadata.at("words").get_if<std::vector<std::string>>()) {
      words += (words.empty() ? "" : ", ") + word;
    }
    std::printf("  %.3f  %s [%s]: %s\n", static_cast<double>((*hits.distances)[i]), words.c_str(),
                metadata.at("lexfile").get_if<std::string>()->c_str(), std::string((*hits.documents)[i]).c_str());
  }
  return Status::Ok();
}

Status Tour(const ochre::Collection& collection, int64_t n) {
  const std::string text = "a person who studies the stars";
  const ochre::Filter person = ochre::Key("lexfile") == "noun.person";
  const ochre::Filter sun = ochre::Document().Contains("sun");
  OCHRE_RETURN_IF_ERROR(Search(collection, text, {}, {}, n));
  OCHRE_RETURN_IF_ERROR(Search(collection, text, person && ochre::Key("lemma_count") >= 1, {}, n));
  OCHRE_RETURN_IF_ERROR(Search(collection, text, {}, sun, n));
  return Search(collection, text, ochre::Key("pos") == "noun", sun || ochre::Document().Matches("(?i)\\bplanets?\\b"),
                n);
}

Status Run(int argc, char** argv) {
  OCHRE_ASSIGN_OR_RETURN(const Options options, ParseOptions(argc, argv));
  OCHRE_ASSIGN_OR_RETURN(std::vector<Synset> synsets, ReadWordNet());
  if (options.limit >= 0 && static_cast<size_t>(options.limit) < synsets.size()) {
    synsets.resize(static_cast<size_t>(options.limit));
  }
  if (!options.corpus.empty()) return WriteCorpus(synsets, options.corpus);

  OCHRE_ASSIGN_OR_RETURN(const ochre::Filter where, ochre::Filter::FromJson(options.where));
  OCHRE_ASSIGN_OR_RETURN(const ochre::Filter where_document, ochre::Filter::DocumentFromJson(options.where_document));
  OCHRE_ASSIGN_OR_RETURN(const auto embedder, LoadEmbedder(options.model));
  {
    OCHRE_ASSIGN_OR_RETURN(const auto client, ochre::Client::Open(options.database));
    OCHRE_ASSIGN_OR_RETURN(auto glosses, client->GetOrCreateCollection("glosses", {.space = ochre::Space::kCosine,
                                                                                   .embedding_function = embedder}));
    OCHRE_ASSIGN_OR_RETURN(const int64_t count, glosses.Count());
    if (count < static_cast<int64_t>(synsets.size())) {
      OCHRE_RETURN_IF_ERROR(Load(glosses, *embedder, synsets));
      std::cout << "Compacting into one segment ...\n";
      const Stopwatch compacting;
      OCHRE_RETURN_IF_ERROR(client->Compact(glosses));
      std::printf("  %.1f s\n", compacting.Milliseconds() / 1000);
    } else {
      std::cout << "The database is loaded already.\n";
    }
    OCHRE_RETURN_IF_ERROR(PrintStats(*client, glosses));
    OCHRE_RETURN_IF_ERROR(client->Close());
  }

  const Stopwatch opening;
  OCHRE_ASSIGN_OR_RETURN(const auto client, ochre::Client::Open(options.database));
  OCHRE_ASSIGN_OR_RETURN(const auto glosses, client->GetCollection("glosses", embedder));
  std::printf("Closed and reopened in %.1f ms.\n", opening.Milliseconds());
  if (options.query.empty()) {
    OCHRE_RETURN_IF_ERROR(Tour(glosses, options.n_results));
  } else {
    OCHRE_RETURN_IF_ERROR(Search(glosses, options.query, where, where_document, options.n_results));
  }
  return client->Close();
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = Run(argc, argv);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
