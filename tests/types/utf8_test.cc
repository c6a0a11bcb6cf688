#include "types/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ochre {
namespace {

// Valid or not wherever it stands: the check takes ASCII in blocks.
void ExpectEverywhere(const std::string& piece, bool valid) {
  for (size_t before = 0; before <= 70; ++before) {
    for (const size_t after : {0, 1, 31, 32, 33}) {
      const std::string text = std::string(before, 'a') + piece + std::string(after, 'z');
      ASSERT_EQ(IsValidUtf8(text), valid) << before << " before, " << after << " after";
    }
  }
}

TEST(Utf8Test, WellFormedTextIsValid) {
  for (const std::string& piece :
       {std::string(), std::string(1, '\0'), std::string("\x7f"), std::string("é"), std::string("\xdf\xbf"),
        std::string("漢"), std::string("\xef\xbf\xbf"), std::string("\xed\x9f\xbf"), std::string("\xee\x80\x80"),
        std::string("🙂"), std::string("\xf4\x8f\xbf\xbf"), std::string("é漢🙂é")}) {
    ExpectEverywhere(piece, true);
  }
}

TEST(Utf8Test, MalformedTextIsNot) {
  for (const std::string& piece :
       {std::string("\x80"), std::string("\xbf"), std::string("\xff"), std::string("\xfe"),  // never a first byte
        std::string("\xc3"), std::string("\xe6\xbc"), std::string("\xf0\x9f\x99"),           // cut short
        std::string("\xc0\x80"), std::string("\xc1\xbf"), std::string("\xe0\x80\x80"),       // not the shortest form
        std::string("\xf0\x80\x80\x80"), std::string("\xf0\x8f\xbf\xbf"),                    // likewise
        std::string("\xed\xa0\x80"), std::string("\xed\xbf\xbf"),                            // surrogates
        std::string("\xf4\x90\x80\x80"), std::string("\xf5\x80\x80\x80"),                    // above U+10FFFF
        std::string("\xc3\xc3\xa9"), std::string("é\x80")}) {
    ExpectEverywhere(piece, false);
  }
}

// What a decoder written from the standard's table 3-7 says.
bool IsOneRune(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto in = [&](size_t i, int low, int high) { return byte(i) >= low && byte(i) <= high; };
  switch (bytes.size()) {
    case 1:
      return in(0, 0x00, 0x7f);
    case 2:
      return in(0, 0xc2, 0xdf) && in(1, 0x80, 0xbf);
    case 3:
      if (!in(2, 0x80, 0xbf)) return false;
      return (byte(0) == 0xe0 && in(1, 0xa0, 0xbf)) || (in(0, 0xe1, 0xec) && in(1, 0x80, 0xbf)) ||
             (byte(0) == 0xed && in(1, 0x80, 0x9f)) || (in(0, 0xee, 0xef) && in(1, 0x80, 0xbf));
    default:
      return false;
  }
}

TEST(Utf8Test, EveryPairOfBytesIsJudgedAsTheStandardDoes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      const bool valid = IsOneRune(text) || (first < 0x80 && second < 0x80);
      ASSERT_EQ(IsValidUtf8(text), valid) << first << " " << second;
    }
  }
}

TEST(Utf8Test, EveryThreeByteSequenceIsJudgedAsTheStandardDoes) {
  for (int first = 0xe0; first < 0xf0; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (int third = 0; third < 256; ++third) {
        const std::string text = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
        ASSERT_EQ(IsValidUtf8(text), IsOneRune(text)) << first << " " << second << " " << third;
      }
    }
  }
}

}  // namespace
}  // namespace ochre
