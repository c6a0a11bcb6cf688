// Reads the synsets of WordNet 3.0 from its database files (wndb(5WN)).
#ifndef OCHRE_EXAMPLES_DICTIONARY_SEARCH_WORDNET_H_
#define OCHRE_EXAMPLES_DICTIONARY_SEARCH_WORDNET_H_

#include <ochre/status.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

// A synset: words that share a meaning, which its gloss explains.
struct Synset {
  std::string id;                  // "wn30-n-02084071": part of speech, and the synset's offset in its file
  std::string gloss;               // definition and examples
  std::string part_of_speech;      // "noun", "verb", "adjective" or "adverb"
  std::string lexicographer_file;  // "noun.animal": lexnames(5WN)
  std::vector<std::string> words;  // at least one
  int64_t tag_count = 0;           // how often the words have this sense in WordNet's tagged texts
};

// All 117,659 synsets of the Debian package wordnet-base, in the order of the files. NotFound: a file is not there.
// DataLoss: a line is no synset.
ochre::Result<std::vector<Synset>> ReadWordNet(const std::filesystem::path& directory = "/usr/share/wordnet");

#endif  // OCHRE_EXAMPLES_DICTIONARY_SEARCH_WORDNET_H_
