// The candidates for regular expressions against RE2 itself: its prefilter's atoms, and what it then matches.
#include <gtest/gtest.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <random>
#include <string>
#include <vector>

#include "inverted/inverted_index.h"
#include "inverted/inverted_index_writer.h"
#include "storage/memory_storage.h"

namespace ochre {
namespace {

const std::vector<std::string>& Alphabet() {
  static const std::vector<std::string> runes = {"a",      "b",      "S",      "s",      "K",      "k",
                                                 "I",      "i",      "\u0130", "\u017f", "\u212a", "\u0131",
                                                 "\u00e9", "\u00c9", "\u03a3", "\u03c2", "\u00df", "\u1e9e"};
  return runes;
}

std::string RandomText(std::mt19937& random, size_t runes) {
  std::string text;
  for (size_t i = 0; i < runes; ++i) text += Alphabet()[random() % Alphabet().size()];
  return text;
}

// A pattern that matches what it was made from, in another case perhaps.
std::string RandomPattern(std::mt19937& random) {
  std::string pattern = random() % 2 == 0 ? "(?i)" : "";
  for (size_t part = 0; part < 1 + random() % 3; ++part) {
    const std::string literal = RandomText(random, 3 + random() % 3);
    switch (random() % 4) {
      case 0:
        pattern += "(?:" + literal + "|" + RandomText(random, 3) + ")";
        break;
      case 1:
        pattern += literal + ".*";
        break;
      default:
        pattern += literal;
    }
  }
  return pattern;
}

// Swaps runes for others of the same fold.
std::string OtherCase(std::mt19937& random, const std::string& text) {
  std::string other = text;
  const std::vector<std::pair<std::string, std::string>> swaps = {
      {"s", "\u017f"}, {"S", "\u017f"}, {"k", "\u212a"}, {"K", "k"},      {"\u212a", "k"},
      {"i", "I"},      {"I", "i"},      {"a", "A"},      {"\u017f", "S"}, {"\u00e9", "\u00c9"}};
  for (const auto& [from, to] : swaps) {
    const size_t at = other.find(from);
    if (at != std::string::npos && random() % 2 == 0) other.replace(at, from.size(), to);
  }
  return other;
}

TEST(RegexCandidatesTest, WhatRe2MatchesPassesItsPrefilterOverTheCandidates) {
  int matches = 0, narrowed = 0;
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const std::string pattern = RandomPattern(random);
    re2::FilteredRE2 filtered(/*min_atom_len=*/3);
    int id = 0;
    ASSERT_EQ(filtered.Add(pattern, RE2::Options(), &id), RE2::NoError) << pattern;
    std::vector<std::string> atoms;
    filtered.Compile(&atoms);
    if (atoms.empty()) continue;

    std::vector<std::string> documents;
    std::string literal;  // the pattern without its syntax: one alternative of each group
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern.compare(i, 4, "(?i)") == 0)
        i += 3;
      else if (pattern.compare(i, 3, "(?:") == 0)
        i += 2;
      else if (pattern[i] == '|')
        i = pattern.find(')', i);
      else if (pattern.compare(i, 2, ".*") == 0)
        i += 1;
      else
        literal += pattern[i];
    }
    for (int i = 0; i < 40; ++i) {
      documents.push_back(RandomText(random, random() % 5) + OtherCase(random, literal) + RandomText(random, 3));
      documents.push_back(RandomText(random, 20));
    }
    InvertedIndexWriter writer;
    for (uint32_t ordinal = 0; ordinal < documents.size(); ++ordinal) {
      writer.Add(Ordinal{ordinal}, EncodedMetadata(), documents[ordinal]);
    }
    MemoryStorage storage;
    const auto files = writer.Finish(storage, "s").value();
    const auto index = InvertedIndex::Open(storage, files[0], files[1], std::ssize(documents)).value();

    std::vector<std::optional<Roaring>> candidates;
    for (const std::string& atom : atoms) candidates.push_back(index->LowerCaseCandidates(atom).value());
    for (uint32_t ordinal = 0; ordinal < documents.size(); ++ordinal) {
      if (!RE2::PartialMatch(documents[ordinal], filtered.GetRE2(id))) continue;
      ++matches;
      std::vector<int> found_atoms;
      for (size_t i = 0; i < atoms.size(); ++i) {
        if (!candidates[i].has_value() || candidates[i]->contains(ordinal)) found_atoms.push_back(static_cast<int>(i));
      }
      std::vector<int> passed;
      filtered.AllMatches(documents[ordinal], found_atoms, &passed);
      ASSERT_FALSE(passed.empty()) << pattern << " matches " << documents[ordinal];
    }
    for (const auto& rows : candidates) narrowed += rows.has_value() && rows->cardinality() < documents.size();
  }
  EXPECT_GT(matches, 1'000) << "the test's documents have to match its patterns";
  EXPECT_GT(narrowed, 50) << "or else the index says nothing";
}

}  // namespace
}  // namespace ochre
