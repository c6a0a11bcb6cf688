#include "inverted/term.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint32_t Trigram(char a, char b, char c) {
  return static_cast<uint32_t>(static_cast<uint8_t>(a)) << 16 | static_cast<uint32_t>(static_cast<uint8_t>(b)) << 8 |
         static_cast<uint8_t>(c);
}

TEST(TermTest, DifferentKindsKeysAndValuesAreDifferentTerms) {
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "b",
                                          "ab",
                                          "aab",
                                          "bb",
                                          std::string(1, '\1'),
                                          std::string("\1a\0", 3),
                                          std::string(127, 'a'),
                                          std::string(128, 'a'),
                                          std::string(300, 'b')};
  std::set<std::string> terms = {HasDocumentTerm(), TrigramTerm(0), TrigramTerm(Trigram('a', 'b', 'c'))};
  size_t count = terms.size();
  for (const TermKind kind : {TermKind::kString, TermKind::kBool, TermKind::kStringElement, TermKind::kBoolElement,
                              TermKind::kInt64Element, TermKind::kDoubleElement}) {
    for (const std::string& key : texts) {
      for (const std::string& value : texts) {
        terms.insert(MetadataTerm(kind, key, value));
        ++count;
      }
    }
  }
  EXPECT_EQ(terms.size(), count);
}

TEST(TermTest, TrigramsSortAfterAllOtherTerms) {
  EXPECT_LT(HasDocumentTerm(), TrigramTerm(0));
  for (const TermKind kind : {TermKind::kString, TermKind::kBool, TermKind::kStringElement, TermKind::kBoolElement,
                              TermKind::kInt64Element, TermKind::kDoubleElement}) {
    EXPECT_LT(MetadataTerm(kind, std::string(200, '\xff'), "\xff"), TrigramTerm(0));
  }
}

TEST(TermTest, TermsAreWrittenAsDocumented) {
  EXPECT_EQ(HasDocumentTerm(), "d");
  EXPECT_EQ(TrigramTerm(Trigram('x', '\0', '\xff')), std::string("tx\0\xff", 4));
  EXPECT_EQ(MetadataTerm(TermKind::kString, "key", "value"), "s\3keyvalue");
  EXPECT_EQ(MetadataTerm(TermKind::kBool, "k", BoolValue(true)), "b\1k\1");
  EXPECT_EQ(MetadataTerm(TermKind::kInt64Element, "k", Int64Value(258)), std::string("I\1k\2\1\0\0\0\0\0\0", 11));
}

TEST(TermTest, ZeroHasOneDoubleValue) {
  EXPECT_EQ(DoubleValue(-0.0), DoubleValue(0.0));
  EXPECT_NE(DoubleValue(std::numeric_limits<double>::denorm_min()), DoubleValue(0.0));
}

TEST(TermTest, TrigramsOfATextAreDistinctAndAscending) {
  EXPECT_THAT(TrigramsOf("abcabc\xff"), ElementsAre(Trigram('a', 'b', 'c'), Trigram('b', 'c', 'a'),
                                                    Trigram('b', 'c', '\xff'), Trigram('c', 'a', 'b')));
  EXPECT_THAT(TrigramsOf("abc"), ElementsAre(Trigram('a', 'b', 'c')));
  EXPECT_THAT(TrigramsOf("ab"), IsEmpty());
  EXPECT_THAT(TrigramsOf(""), IsEmpty());
}

}  // namespace
}  // namespace ochre
