#include "plan/re2_pattern.h"

#include <gmock/gmock.h>
#include <re2/re2.h>
#include <utf8proc.h>

#include <string>
#include <vector>

namespace ochre {
namespace {

using testing::HasSubstr;

std::string Utf8(int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(code_point, bytes);
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

std::string Rewritten(std::string_view pattern) {
  auto rewritten = ToRe2Pattern(pattern);
  EXPECT_TRUE(rewritten.ok()) << pattern << ": " << rewritten.status().ToString();
  return rewritten.ok() ? *rewritten : "";
}

bool Matches(std::string_view pattern, const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(Rewritten(pattern), options);
  EXPECT_TRUE(regex.ok()) << pattern << ": " << regex.error();
  return re2::RE2::PartialMatch(text, regex);
}

struct Case {
  std::string pattern;
  std::vector<std::string> matching;
  std::vector<std::string> other;
};

void ExpectMatches(const std::vector<Case>& cases) {
  for (const Case& example : cases) {
    for (const std::string& text : example.matching) {
      EXPECT_TRUE(Matches(example.pattern, text)) << example.pattern << " on \"" << text << "\"";
    }
    for (const std::string& text : example.other) {
      EXPECT_FALSE(Matches(example.pattern, text)) << example.pattern << " on \"" << text << "\"";
    }
  }
}

TEST(Re2PatternTest, ShorthandClassesHaveTheirUnicodeMeaning) {
  ExpectMatches({
      {R"(^\w+$)",
       {"café", "naïve_1", "Ωμέγα", "漢字", "नमस्ते", "e\u0301", "\u24d0", "a\u200db"},
       {"", "a b", "½", "a-b"}},
      {R"(^\W+$)", {" -+", "½", "…", "\u2028"}, {"é", "_", "a", "\u0301"}},
      {R"(^\d+$)", {"0123456789", "٠١٢", "０９"}, {"½", "²", "Ⅷ", "a"}},
      {R"(^\D+$)", {"½²Ⅷa"}, {"٣", "7"}},
      {R"(^\s+$)", {" \t\n\r\v\f", "\u00a0\u2003\u3000", "\u0085", "\u2028\u2029"}, {"\u200b", "a", "\ufeff"}},
      {R"(^\S+$)", {"a\u200b\ufeff漢"}, {"\u00a0", "a b"}},
  });
}

TEST(Re2PatternTest, SoTheyHaveInClasses) {
  ExpectMatches({
      {R"(^[\w-]+$)", {"é-é"}, {"é é"}},
      {R"(^[^\w]+$)", {"- ½"}, {"é"}},
      {R"(^[\W]+$)", {"- ½"}, {"é"}},
      {R"(^[é\W]+$)", {"é- ½"}, {"è"}},
      {R"(^[^\W]+$)", {"é_7"}, {"-"}},
      {R"(^[^\W\d_]+$)", {"éλ漢"}, {"7", "_", "٣", "é-"}},  // letters
      {R"(^[\D]+$)", {"é½"}, {"٣"}},
      {R"(^[^\D]+$)", {"٣7"}, {"½"}},
      {R"(^[\s\S]+$)", {"é\n漢 \u2003"}, {""}},
      {R"(^[\w\W]+$)", {"é\n漢 \u2003"}, {""}},
      {R"(^[\d\s]+$)", {"٣\u20037"}, {"½"}},
      {R"(^[\S]+$)", {"é\u200b"}, {"\u2003"}},
      {R"(^[^\S\n]+$)", {" \t\u2003"}, {"\n", "a"}},  // white space but the end of a line
  });
}

TEST(Re2PatternTest, FlagsDoNotChangeThem) {
  ExpectMatches({
      {R"((?i)^\w+É$)", {"Caféé", "ÀÉ"}, {"- é"}},
      {R"((?i)^[^\W]+$)", {"éÉſK"}, {"-"}},
      {R"((?s)^\w.\w$)", {"é\né"}, {"-\n-"}},
      {R"((?m)^\w+$)", {"-\né"}, {"-\n-"}},
      {R"((?u)^\w$)", {"é"}, {"-"}},
      {R"((?u:\w)\d)", {"é٣"}, {"é½"}},
      {R"((?ui-s)^É.$)", {"é-"}, {"é\n"}},
      {R"((?U)\w+)", {"é"}, {"-"}},
  });
}

TEST(Re2PatternTest, AsciiMeaningIsAsked) {
  ExpectMatches({
      {R"((?-u:\b)cat(?-u:\b))", {"a cat", "cat!", "écat"}, {"cats", "_cat"}},
      {R"(^(?-u:\w)+$)", {"a_1"}, {"é", "٣"}},
      {R"(^(?-u:\d)+$)", {"1"}, {"٣"}},
      {R"(^(?-u:\s)+$)", {" \t\n\v\f\r"}, {"\u00a0", "a"}},
      {R"((?i)^(?-u:\w)$)", {"K", "s"}, {"\u212a", "\u017f"}},  // which fold to k and s
      {R"(^[[:alpha:]]+$)", {"aZ"}, {"é", "1"}},
      {R"(^[[:^alpha:]_[:space:]]+$)", {"é1 _\v"}, {"a"}},
      {R"(^[^[:word:]]+$)", {"é-"}, {"a", "_"}},
      {R"(^[0-9A-Fa-f]+$)", {"c0ffee"}, {"é"}},
  });
}

TEST(Re2PatternTest, PropertiesAreRustsWhereRe2HasThem) {
  ExpectMatches({
      {R"(^\pL\pN$)", {"é½", "漢7"}, {"7é"}},
      {R"(^\p{Lu}\P{Lu}$)", {"Éé"}, {"éÉ"}},
      {R"(^\p{Greek}+$)", {"Ωμ"}, {"a"}},
      {R"(^[\p{Greek}\p{Nd}]+$)", {"Ω٣"}, {"½"}},
      {R"(^\p{^Greek}$)", {"a"}, {"Ω"}},
      {R"((?i)^\p{Lu}$)", {"é", "É"}, {"漢"}},
      {R"(^\p{C}$)", {"\n", "\u200b", Utf8(0x378)}, {"a", " "}},  // U+0378 is not assigned
      {R"(^\PC+$)", {"a 漢½"}, {"\n", Utf8(0x378)}},
      {R"(^[a\pC]$)", {"a", Utf8(0x378)}, {"b"}},
      {R"(^[^a\pC]$)", {"b"}, {"a", Utf8(0x378), "\n"}},
      {R"(^[\PC\n]$)", {"b", "\n"}, {"\t"}},
  });
}

TEST(Re2PatternTest, EscapesOfCharacters) {
  ExpectMatches({
      {R"(^\x41\x{e9}\u00e9\u{1F600}\U0001F600$)", {"Aéé😀😀"}, {"A"}},
      {R"(^[\x{e0}-\u00e9]+$)", {"àé"}, {"ê"}},
      {R"(^\.\*\[\]\(\)\{\}\\\^\$\|\?\+\-\/\#\&\~\"\ $)", {".*[](){}\\^$|?+-/#&~\" "}, {"a"}},
      {R"(^\t\n\r\f\v\a$)", {"\t\n\r\f\v\a"}, {"tnrfva"}},
      {R"(\Aa\z)", {"a"}, {"a\n", "ba"}},
      {R"(^\Qa.b{2,\w\E+$)", {"a.b{2,\\w", "a.b{2,\\www"}, {"axb{2,é"}},
      {R"(\Q(?=x)", {"(?=x"}, {"x"}},
  });
}

TEST(Re2PatternTest, ClassesAreReadAsRustReadsThem) {
  ExpectMatches({
      {R"(^[]a]+$)", {"]a"}, {"b"}},
      {R"(^[^]a]+$)", {"b["}, {"]"}},
      {R"(^[-a]+$)", {"-a"}, {"b"}},
      {R"(^[--a]+$)", {"-a"}, {"+", "A"}},  // hyphens first are hyphens, not a range
      {R"(^[a-]+$)", {"-a"}, {"b"}},
      {R"(^[a-c-e]+$)", {"abc-e"}, {"d"}},
      {R"(^[a&~b]+$)", {"a&~b"}, {"c"}},
      {R"(^[a^]+$)", {"a^"}, {"b"}},
      {R"(^[.*+?(){}|$]+$)", {".*+?(){}|$"}, {"a"}},
      {R"(^[é-ü]+$)", {"éíü"}, {"a"}},
      {R"(^[\]\[\\-]+$)", {"][\\-"}, {"a"}},
  });
}

TEST(Re2PatternTest, GroupsAndRepetitions) {
  ExpectMatches({
      {R"(^(?<year>\d{4})-(?P<month>\d{2})$)", {"2024-06"}, {"224-06"}},
      {R"(^(?:a|b){2,3}?$)", {"ab", "aba"}, {"a", "abab"}},
      {R"(^a{02}$)", {"aa"}, {"a", "a{02}"}},
      {R"(^a{2,}$)", {"aa", "aaa"}, {"a", "a{2,}"}},
      {R"(^a{0}b$)", {"b"}, {"ab"}},
      {R"(^a]}$)", {"a]}"}, {"a"}},
      {R"(^(a|)b||c$)", {"ab", "c", "x"}, {}},
  });
}

struct Refusal {
  std::string pattern;
  std::string where;  // what is refused, and at which byte
  std::string instead;
};

TEST(Re2PatternTest, WhatRe2WouldReadAsSomethingElseIsRefusedByName) {
  const std::string ascii_boundary = R"(write (?-u:\b))",
                    ascii_only = R"(only (?-u:\b), (?-u:\d), (?-u:\s) and (?-u:\w))";
  const std::vector<Refusal> refusals = {
      {R"(a\bc)", R"(\b at byte 1)", ascii_boundary},
      {R"(\Bc)", R"(\B at byte 0)", ascii_boundary},
      {R"(\b{start}c)", R"(\b at byte 0)", ascii_boundary},
      {R"(\<c\>)", R"(\< at byte 0)", ascii_boundary},
      {R"(é(?=x))", R"((?= at byte 2)", "no look-around"},
      {R"((?!x))", R"((?! at byte 0)", "no look-around"},
      {R"((?<=x)y)", R"((?<= at byte 0)", "no look-around"},
      {R"((?<!x)y)", R"((?<! at byte 0)", "no look-around"},
      {R"((a)\1)", R"(\1 at byte 3)", "no back-references"},
      {R"(\012)", R"(\0 at byte 0)", R"(write characters as \x{...})"},
      {R"([\1])", R"(\1 at byte 1)", "no back-references"},
      {R"(a{2,)", R"({2, at byte 1)", R"(a brace itself is \{)"},
      {R"(a{,2})", R"({,2} at byte 1)", R"(a brace itself is \{)"},
      {R"(a{ 2})", R"({  at byte 1)", R"(a brace itself is \{)"},
      {R"({"k": 1})", R"({" at byte 0)", R"(a brace itself is \{)"},
      {R"(a{1001})", R"({1001} at byte 1)", "at most 1000"},
      {R"(a{1,99999999999})", R"({1,99999999999} at byte 1)", "at most 1000"},
      {R"([a-z&&[^b]])", R"(&& at byte 4)", R"(no set operations; the characters themselves are \&\&)"},
      {R"([a-z--b])", R"(-- at byte 4)", "no set operations"},
      {R"([a-z~~b])", R"(~~ at byte 4)", "no set operations"},
      {R"([a[bc]])", R"([ at byte 2)", R"(a bracket itself is \[)"},
      {R"([[:letter:]])", R"([ at byte 1)", "no classes within classes"},
      {R"([\w-z])", R"(\w-z at byte 1)", R"(a hyphen itself is \-)"},
      {R"([a-\d])", R"(a-\d at byte 1)", R"(a hyphen itself is \-)"},
      {R"([\b])", R"(\b at byte 1)", "no set of characters"},
      {R"(x[a)", R"([ at byte 1)", "no closing bracket"},
      {R"([a-)", R"([ at byte 0)", "no closing bracket"},
      {R"([])", R"([ at byte 0)", "no closing bracket"},
      {R"((?x) a b)", R"((?x at byte 0)", "leave the spaces out"},
      {R"((?R)$)", R"((?R at byte 0)", R"(write \r?$)"},
      {R"((?-u)\w)", R"((?-u at byte 0)", ascii_only},
      {R"((?-u:\B))", R"((?-u at byte 0)", ascii_only},
      {R"((?i-u:k))", R"((?i-u at byte 0)", ascii_only},
      {R"((?>a))", R"((?> at byte 0)", R"(has flags of "imsUu")"},
      {R"((?#a))", R"((?# at byte 0)", R"(has flags of "imsUu")"},
      {R"(a(?i)*)", R"((?i)* at byte 1)", "flags cannot be repeated"},
      {R"((?i)", "(?i at byte 0", "closing parenthesis"},
      {R"((?))", R"((?) at byte 0)", "flags are missing"},
      {R"((?i-))", R"((?i-) at byte 0)", "flags are missing"},
      {R"(\C)", R"(\C at byte 0)", "(?s:.)"},
      {R"(a\Z)", R"(\Z at byte 1)", "no such escape"},
      {R"(\e)", R"(\e at byte 0)", "no such escape"},
      {R"(\é)", R"(\é at byte 0)", "no such escape"},
      {R"(\E)", R"(\E at byte 0)", "no such escape"},
      {R"(a\)", R"(\ at byte 1)", R"(a backslash itself is \\)"},
      {R"([\)", R"(\ at byte 1)", R"(a backslash itself is \\)"},
      {R"(\x4)", R"(\x4 at byte 0)", "names no character"},
      {R"(\x{d800})", R"(\x{d800} at byte 0)", "names no character"},
      {R"(\x{110000})", R"(\x{110000} at byte 0)", "names no character"},
      {R"(\u12)", R"(\u12 at byte 0)", "names no character"},
      {R"(\x{})", R"(\x{} at byte 0)", "names no character"},
      {R"(\p{Script=Greek})", R"(\p{Script=Greek} at byte 0)", "a category (L, Lu, Nd, ...)"},
      {R"(\p{Greek)", R"(\p{ at byte 0)", "closing brace"},
      {R"(\p)", R"(\p at byte 0)", "a category (L, Lu, Nd, ...)"},
  };
  for (const Refusal& refusal : refusals) {
    const auto rewritten = ToRe2Pattern(refusal.pattern);
    ASSERT_FALSE(rewritten.ok()) << refusal.pattern << " became " << *rewritten;
    EXPECT_EQ(rewritten.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(rewritten.status().message(), HasSubstr(refusal.where + " in \"" + refusal.pattern + "\""))
        << refusal.pattern;
    EXPECT_THAT(rewritten.status().message(), HasSubstr(refusal.instead)) << refusal.pattern;
  }
}

TEST(Re2PatternTest, NoPatternBecomesHuge) {
  std::string classes, items = "[";
  for (int i = 0; i < 10'000; ++i) {
    classes += R"([a\W])";
    items += R"(\W)";
  }
  const auto many = ToRe2Pattern(classes), large = ToRe2Pattern(items + "]");
  ASSERT_FALSE(many.ok() || large.ok());
  EXPECT_THAT(many.status().message(), HasSubstr("the pattern is too large already"));
  EXPECT_THAT(large.status().message(), HasSubstr("[ at byte 0"));
  EXPECT_THAT(large.status().message(), HasSubstr("the class is too large"));
}

// All code points that `re2_class`, in RE2's syntax, matches, as a text.
std::string TextOf(const std::string& re2_class) {
  std::string all;
  for (int32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) all += Utf8(c);
  }
  const re2::RE2 runs(re2_class + "+");
  std::string text;
  re2::StringPiece run;
  for (size_t at = 0; runs.Match(all, at, all.size(), re2::RE2::UNANCHORED, &run, 1);) {
    text += std::string(run);
    at = static_cast<size_t>(run.data() - all.data()) + run.size();
  }
  return text;
}

TEST(Re2PatternTest, OfAllCodePointsEachIsInAClassOrInItsNegation) {
  struct Classes {
    std::string re2_inside, re2_outside;
    std::vector<std::string> inside, outside;
  };
  const std::string word = Rewritten(R"(\w)"), other = R"([^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}])";
  const std::vector<Classes> all_classes = {
      {R"([\t-\r\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}])",
       R"([^\t-\r\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}])",
       {R"(\s)", R"([\s])", R"([^\S])", R"((?i)\s)"},
       {R"(\S)", R"([\S])", R"([^\s])", R"((?i)[\S])"}},
      {R"(\p{Nd})", R"(\P{Nd})", {R"(\d)", R"([^\D])"}, {R"(\D)", R"([\D])"}},
      {word, "[^" + word.substr(1), {R"([\w])", R"([^\W])", R"((?i)\w)"}, {R"(\W)", R"([\W])", R"((?i)[\W])"}},
      {other, "[" + other.substr(2), {R"(\pC)", R"([\pC])", R"([^\PC])"}, {R"(\PC)", R"([^\pC])"}},
  };
  for (const Classes& classes : all_classes) {
    const std::string inside = TextOf(classes.re2_inside), outside = TextOf(classes.re2_outside);
    const auto expect_set = [](const std::string& pattern, const std::string& of, const std::string& lacking) {
      EXPECT_TRUE(re2::RE2::FullMatch(of, "(?:" + Rewritten(pattern) + ")+")) << pattern;
      EXPECT_FALSE(Matches(pattern, lacking)) << pattern;
    };
    for (const std::string& pattern : classes.inside) expect_set(pattern, inside, outside);
    for (const std::string& pattern : classes.outside) expect_set(pattern, outside, inside);
  }
}

TEST(Re2PatternTest, WordsAndDigitsAreOfTheCategoriesThatUnicodeSays) {
  // By utf8proc, whose version of Unicode may be another: only what both know.
  const re2::RE2 assigned(Rewritten(R"(\PC|\p{Cc}|\p{Cf}|\p{Co})")), word(Rewritten(R"(\w)")),
      digit(Rewritten(R"(\d)"));
  for (int32_t c = 0; c <= 0x10FFFF; ++c) {
    const utf8proc_category_t category = utf8proc_category(c);
    if (category == UTF8PROC_CATEGORY_CN || category == UTF8PROC_CATEGORY_CS) continue;
    const std::string text = Utf8(c);
    if (!re2::RE2::FullMatch(text, assigned)) continue;
    const bool is_letter_or_mark = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME;
    // Other_Alphabetic beyond letters, numbers and marks, in PropList.txt; Join_Control.
    const bool is_other = (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
                          (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189) || c == 0x200C ||
                          c == 0x200D;
    const bool is_digit = category == UTF8PROC_CATEGORY_ND;
    ASSERT_EQ(re2::RE2::FullMatch(text, word), is_letter_or_mark || is_digit || category == UTF8PROC_CATEGORY_NL ||
                                                   category == UTF8PROC_CATEGORY_PC || is_other)
        << std::hex << c;
    ASSERT_EQ(re2::RE2::FullMatch(text, digit), is_digit) << std::hex << c;
  }
}

}  // namespace
}  // namespace ochre
