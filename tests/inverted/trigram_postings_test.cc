#include "inverted/trigram_postings.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <roaring/roaring.hh>
#include <string>
#include <vector>

#include "inverted/term.h"

namespace ochre {
namespace {

using Lists = std::map<uint32_t, std::vector<uint32_t>>;

Lists ListsOf(const TrigramPostings& postings) {
  Lists lists;
  uint32_t previous = 0;
  for (const auto& [trigram, list] : postings.Sorted()) {
    EXPECT_TRUE(lists.empty() || trigram > previous);
    previous = trigram;
    const std::string bytes = list->ToRoaringBytes();
    const Roaring rows = Roaring::readSafe(bytes.data(), bytes.size());
    lists[trigram].assign(rows.begin(), rows.end());
  }
  return lists;
}

TEST(TrigramPostingsTest, EveryTrigramHasTheRowsOfTheDocumentsThatHaveIt) {
  for (const uint32_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    // Any byte: more distinct trigrams than the table holds at first. Three letters: the same ones again and again.
    const uint32_t alphabet = seed == 1 ? 256 : 3;
    TrigramPostings postings;
    Lists expected;
    for (uint32_t ordinal = 0; ordinal < 600; ordinal += 1 + random() % 3) {
      std::string document(random() % 100, '\0');
      for (char& c : document) c = static_cast<char>(random() % alphabet);
      postings.Add(document, ordinal);
      for (const uint32_t trigram : TrigramsOf(document)) expected[trigram].push_back(ordinal);
    }
    EXPECT_EQ(ListsOf(postings), expected);
  }
}

TEST(TrigramPostingsTest, DocumentsUnderThreeBytesHaveNone) {
  TrigramPostings postings;
  postings.Add("", 0);
  postings.Add("ab", 1);
  EXPECT_TRUE(postings.Sorted().empty());
}

}  // namespace
}  // namespace ochre
