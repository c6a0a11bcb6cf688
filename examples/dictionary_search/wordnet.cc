#include "wordnet.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unordered_map>

namespace {

struct PartOfSpeech {
  std::string_view file;  // data.<file>
  std::string_view name;
  char letter;
  int number;  // in sense keys; satellite adjectives are 5
};
constexpr std::array<PartOfSpeech, 4> kPartsOfSpeech = {
    {{"noun", "noun", 'n', 1}, {"verb", "verb", 'v', 2}, {"adj", "adjective", 'a', 3}, {"adv", "adverb", 'r', 4}}};

// By file number: lexnames(5WN).
constexpr std::array<std::string_view, 45> kLexicographerFiles = {
    "adj.all",          "adj.pert",           "adv.all",
    "noun.Tops",        "noun.act",           "noun.animal",
    "noun.artifact",    "noun.attribute",     "noun.body",
    "noun.cognition",   "noun.communication", "noun.event",
    "noun.feeling",     "noun.food",          "noun.group",
    "noun.location",    "noun.motive",        "noun.object",
    "noun.person",      "noun.phenomenon",    "noun.plant",
    "noun.possession",  "noun.process",       "noun.quantity",
    "noun.relation",    "noun.shape",         "noun.state",
    "noun.substance",   "noun.time",          "verb.body",
    "verb.change",      "verb.cognition",     "verb.communication",
    "verb.competition", "verb.consumption",   "verb.contact",
    "verb.creation",    "verb.emotion",       "verb.motion",
    "verb.perception",  "verb.possession",    "verb.social",
    "verb.stative",     "verb.weather",       "adj.ppl"};

// Tag counts by lemma, part of speech, lexicographer file and lexical id, which together name a word's sense.
using TagCounts = std::unordered_map<std::string, int64_t>;

std::string SenseKey(std::string_view lemma, int number, int file, int lexical_id) {
  return std::string(lemma) + "%" + std::to_string(number) + ":" + std::to_string(file) + ":" +
         std::to_string(lexical_id);
}

// cntlist.rev: "<lemma>%<pos>:<file>:<lexical id>:<head>:<head id> <sense number> <count>".
TagCounts ReadTagCounts(const std::filesystem::path& path) {
  TagCounts counts;
  std::ifstream file(path);
  std::string key;
  int sense = 0;
  int64_t count = 0;
  while (file >> key >> sense >> count) {
    const size_t percent = key.find('%');
    int pos = 0, lexicographer = 0, lexical_id = 0;
    char colon = 0;
    std::istringstream numbers(key.substr(percent + 1));
    if (percent == std::string::npos || !(numbers >> pos >> colon >> lexicographer >> colon >> lexical_id)) continue;
    counts[SenseKey(key.substr(0, percent), pos == 5 ? 3 : pos, lexicographer, lexical_id)] += count;
  }
  return counts;
}

std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

// One line of a data file: "offset file type word-count (word lexical-id)... pointers... | gloss".
bool ParseLine(const std::string& line, const PartOfSpeech& part, const TagCounts& counts, Synset& synset) {
  const size_t bar = line.find('|');
  std::istringstream fields(line);
  std::string offset, type;
  int file = 0;
  unsigned word_count = 0;
  if (bar == std::string::npos || !(fields >> offset >> file >> type >> std::hex >> word_count)) return false;
  if (file < 0 || static_cast<size_t>(file) >= kLexicographerFiles.size()) return false;
  synset = {};
  synset.id = std::string("wn30-") + part.letter + "-" + offset;
  synset.gloss = Trimmed(std::string_view(line).substr(bar + 1));
  synset.part_of_speech = part.name;
  synset.lexicographer_file = kLexicographerFiles[static_cast<size_t>(file)];
  for (unsigned i = 0; i < word_count; ++i) {
    std::string word;
    unsigned lexical_id = 0;
    if (!(fields >> word >> std::hex >> lexical_id)) return false;
    word = word.substr(0, word.find('('));  // adjectives may carry their syntactic position
    std::string lemma = word;
    std::transform(lemma.begin(), lemma.end(), lemma.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto count = counts.find(SenseKey(lemma, part.number, file, static_cast<int>(lexical_id)));
    if (count != counts.end()) synset.lemma_count += count->second;
    std::replace(word.begin(), word.end(), '_', ' ');
    synset.words.push_back(std::move(word));
  }
  return !synset.words.empty();
}

}  // namespace

ochre::Result<std::vector<Synset>> ReadWordNet(const std::filesystem::path& directory) {
  const TagCounts counts = ReadTagCounts(directory / "cntlist.rev");
  std::vector<Synset> synsets;
  for (const PartOfSpeech& part : kPartsOfSpeech) {
    const std::filesystem::path path = directory / ("data." + std::string(part.file));
    std::ifstream file(path);
    if (!file) return ochre::Status::NotFound("cannot read ", path.string(), "; it is in the package wordnet-base");
    std::string line;
    for (int64_t number = 1; std::getline(file, line); ++number) {
      if (line.starts_with("  ")) continue;  // the licence
      Synset synset;
      if (!ParseLine(line, part, counts, synset)) {
        return ochre::Status::DataLoss(path.string(), " has no synset in line ", number);
      }
      synsets.push_back(std::move(synset));
    }
  }
  return synsets;
}
