#include "inverted/fold_case.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <random>
#include <string>
#include <vector>

namespace ochre {
namespace {

std::string Utf8(int32_t rune) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(rune, bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)};
}

TEST(FoldCaseTest, AsciiLettersBecomeSmall) {
  EXPECT_EQ(FoldCase("The QUICK brown fox, @[`{ 09 AZaz"), "the quick brown fox, @[`{ 09 azaz");
}

TEST(FoldCaseTest, ThreeRunesBecomeAsciiLetters) { EXPECT_EQ(FoldCase("x\u0130\u017f\u212ax"), "xiskx"); }

TEST(FoldCaseTest, PiecesOfRunesAndZeroBytesStay) {
  using namespace std::string_literals;
  for (const std::string& text : {""s, "\0a\0"s, "\xc4"s, "\xe2\x84"s, "\xc4\xc4"s, "\xff\xfe"s, "\xb0\xbf\xaa"s}) {
    EXPECT_EQ(FoldCase(text), text);
  }
  EXPECT_EQ(FoldCase("\xc4\xc4\xb0"), "\xc4i");
}

// That the list of runes is complete.
TEST(FoldCaseTest, EveryRuneWhoseLowerOrFoldedFormIsAsciiBecomesIt) {
  int non_ascii = 0;
  for (int32_t rune = 0; rune <= 0x10ffff; ++rune) {
    if (!utf8proc_codepoint_valid(rune)) continue;
    int32_t expected = rune;
    utf8proc_int32_t folded[8];
    const auto folded_count =
        utf8proc_decompose_char(rune, folded, 8, static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD), nullptr);
    if (folded_count == 1 && folded[0] < 0x80) expected = folded[0];
    if (utf8proc_tolower(rune) < 0x80) expected = utf8proc_tolower(rune);
    if (rune >= 0x80 && expected != rune) ++non_ascii;
    ASSERT_EQ(FoldCase(Utf8(rune)), Utf8(expected)) << std::hex << rune;
  }
  EXPECT_EQ(non_ascii, 3);
}

TEST(FoldCaseTest, ASubstringOfWholeRunesFoldsToASubstring) {
  const std::vector<int32_t> alphabet = {'a', 'K', 'k', 0x130, 0x17f, 0x212a, 0x131, 0xe9, 0x44, 0x2129, 0x1f600};
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::string text;
    std::vector<size_t> begins;
    for (int i = 0; i < 20; ++i) {
      begins.push_back(text.size());
      text += Utf8(alphabet[random() % alphabet.size()]);
    }
    begins.push_back(text.size());
    const size_t first = random() % begins.size();
    const size_t last = first + random() % (begins.size() - first);
    const std::string part = text.substr(begins[first], begins[last] - begins[first]);
    EXPECT_NE(FoldCase(text).find(FoldCase(part)), std::string::npos) << text << " / " << part;
  }
}

}  // namespace
}  // namespace ochre
