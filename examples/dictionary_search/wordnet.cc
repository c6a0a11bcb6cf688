#include "wordnet.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace {

struct PartOfSpeech {
  std::string_view file;  // data.<file>
  std::string_view name;
  char letter;
  int number;  // in sense keys
};
constexpr std::array<PartOfSpeech, 4> kPartsOfSpeech = {
    {{"noun", "noun", 'n', 1}, {"verb", "verb", 'v', 2}, {"adj", "adjective", 'a', 3}, {"adv", "adverb", 'r', 4}}};
constexpr int kSatelliteNumber = 5;  // of an adjective that is grouped around another one, its head

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

// By sense key (senseidx(5WN)): "<lemma>%<part of speech>:<file>:<lexical id>:<head>:<head id>".
using TagCounts = std::unordered_map<std::string, int64_t>;

std::string TwoDigits(unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// cntlist.rev: "<sense key> <sense number> <count>". Without the file there are no counts.
TagCounts ReadTagCounts(const std::filesystem::path& path) {
  TagCounts counts;
  std::ifstream file(path);
  std::string key;
  int sense_number = 0;
  int64_t count = 0;
  while (file >> key >> sense_number >> count) counts[key] = count;
  return counts;
}

// A word of a data file, and the number that tells its senses in one lexicographer file apart.
struct Lemma {
  std::string word;
  unsigned lexical_id = 0;
};

// "offset file type word-count (word lexical-id)... pointer-count (symbol offset type source/target)... | gloss"; the
// word count and the lexical ids are hexadecimal.
struct DataLine {
  std::string offset;
  unsigned file = 0;
  char type = ' ';
  std::vector<Lemma> lemmas;
  size_t head_offset = 0;  // of a satellite adjective ('s'): where in the file its head's line begins
  std::string gloss;
};

bool ParseLine(const std::string& text, DataLine& line) {
  std::istringstream fields(text);
  unsigned word_count = 0, pointer_count = 0;
  if (!(fields >> line.offset >> line.file >> line.type >> std::hex >> word_count)) return false;
  for (unsigned i = 0; i < word_count; ++i) {
    Lemma lemma;
    if (!(fields >> lemma.word >> lemma.lexical_id)) return false;
    lemma.word = lemma.word.substr(0, lemma.word.find('('));  // adjectives may carry their syntactic position
    line.lemmas.push_back(std::move(lemma));
  }
  if (!(fields >> std::dec >> pointer_count)) return false;
  for (unsigned i = 0; i < pointer_count; ++i) {
    std::string symbol, type, source_and_target;
    size_t offset = 0;
    if (!(fields >> symbol >> offset >> type >> source_and_target)) return false;
    if (symbol == "&" && line.type == 's') line.head_offset = offset;
  }
  const size_t bar = text.find("| ");
  if (bar == std::string::npos) return false;
  line.gloss = text.substr(bar + 2, text.find_last_not_of(' ') - (bar + 2) + 1);
  return !line.lemmas.empty() && line.file < kLexicographerFiles.size();
}

// The line that begins at `offset` of `file`, without its end.
std::string LineAt(const std::string& file, size_t offset) {
  return offset < file.size() ? file.substr(offset, file.find('\n', offset) - offset) : std::string();
}

int64_t TagCountOf(const DataLine& line, const std::string& file, const PartOfSpeech& part, const TagCounts& counts) {
  std::string head = "::";
  if (line.type == 's') {
    DataLine head_line;
    if (!ParseLine(LineAt(file, line.head_offset), head_line)) return 0;
    head = ":" + Lower(head_line.lemmas[0].word) + ":" + TwoDigits(head_line.lemmas[0].lexical_id);
  }
  const int number = line.type == 's' ? kSatelliteNumber : part.number;
  int64_t sum = 0;
  for (const Lemma& lemma : line.lemmas) {
    const auto count = counts.find(Lower(lemma.word) + "%" + std::to_string(number) + ":" + TwoDigits(line.file) + ":" +
                                   TwoDigits(lemma.lexical_id) + head);
    if (count != counts.end()) sum += count->second;
  }
  return sum;
}

Synset ToSynset(const DataLine& line, const PartOfSpeech& part, int64_t tag_count) {
  Synset synset = {.id = std::string("wn30-") + part.letter + "-" + line.offset,
                   .gloss = line.gloss,
                   .part_of_speech = std::string(part.name),
                   .lexicographer_file = std::string(kLexicographerFiles[line.file]),
                   .words = {},
                   .tag_count = tag_count};
  for (const Lemma& lemma : line.lemmas) {
    std::string word = lemma.word;
    std::replace(word.begin(), word.end(), '_', ' ');
    synset.words.push_back(std::move(word));
  }
  return synset;
}

}  // namespace

ochre::Result<std::vector<Synset>> ReadWordNet(const std::filesystem::path& directory) {
  const TagCounts counts = ReadTagCounts(directory / "cntlist.rev");
  std::vector<Synset> synsets;
  for (const PartOfSpeech& part : kPartsOfSpeech) {
    const std::filesystem::path path = directory / ("data." + std::string(part.file));
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
      return ochre::Status::NotFound("cannot read ", path.string(), ": it is in the Debian package wordnet-base");
    }
    const std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    for (size_t offset = 0; offset < file.size();) {
      const std::string text = LineAt(file, offset);
      if (!text.starts_with("  ")) {  // the licence does
        DataLine line;
        if (!ParseLine(text, line)) {
          return ochre::Status::DataLoss(path.string(), " has no synset at offset ", offset);
        }
        synsets.push_back(ToSynset(line, part, TagCountOf(line, file, part, counts)));
      }
      offset += text.size() + 1;
    }
  }
  return synsets;
}
