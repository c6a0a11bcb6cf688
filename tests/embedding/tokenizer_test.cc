#include "embedding/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TokenizerTest, WordsAreRunsOfLettersAndDigitsInLowerCase) {
  EXPECT_THAT(WordsOf("Don't panic: B2B, 42!"), ElementsAre("don", "t", "panic", "b2b", "42"));
}

TEST(TokenizerTest, LineBreaksSeparateWordsAsBlanksDo) {
  EXPECT_THAT(WordsOf("one\ntwo\r\nthree"), ElementsAre("one", "two", "three"));
}

TEST(TokenizerTest, LowerCasesBeyondAscii) {
  EXPECT_THAT(WordsOf("ÄRGER ΣΟΦΙΑ Ёлка"), ElementsAre("ärger", "σοφια", "ёлка"));
}

TEST(TokenizerTest, CombiningMarksBelongToTheirWord) { EXPECT_THAT(WordsOf("हिन्दी"), ElementsAre("हिन्दी")); }

TEST(TokenizerTest, ChineseTextIsOneWordUpToItsPunctuation) {
  EXPECT_THAT(WordsOf("数据库，向量"), ElementsAre("数据库", "向量"));
}

TEST(TokenizerTest, InvalidUtf8SeparatesWords) {
  EXPECT_THAT(WordsOf("a\xff"
                      "b\xe2\x82"),
              ElementsAre("a", "b"));
}

TEST(TokenizerTest, TextWithoutLettersHasNoWords) {
  EXPECT_THAT(WordsOf(""), IsEmpty());
  EXPECT_THAT(WordsOf(" \t—…!"), IsEmpty());
}

}  // namespace
}  // namespace ochre
