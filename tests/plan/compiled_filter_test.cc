#include "plan/compiled_filter.h"

#include <gmock/gmock.h>
#include <re2/re2.h>
#include <utf8proc.h>

#include <algorithm>
#include <functional>

#include "plan/filter_operators.h"
#include "tests/plan/random_filter.h"

namespace ochre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

CompiledFilter Compiled(const Filter& filter) {
  auto compiled = CompiledFilter::Compile(filter);
  EXPECT_TRUE(compiled.ok()) << compiled.status().ToString();
  return *std::move(compiled);
}

// The truth of a condition in 64 worlds, one a bit: any function of the condition alone will do.
uint64_t Worlds(const FilterNode& condition) {
  RandomEngine random(std::hash<std::string>()(Filter(condition).ToJson()));
  return random();
}

// What `nodes` up to `end` say, by recursion from the root; moves `end` to where the filter begins.
uint64_t Reference(const std::vector<FilterNode>& nodes, size_t& end) {
  const FilterNode& node = nodes[--end];
  if (!IsLogical(node.op)) return Worlds(node);
  const bool is_and = node.op == FilterOperator::kAnd;
  uint64_t value = is_and ? ~uint64_t{0} : 0;
  for (uint32_t i = 0; i < node.operand_count; ++i) {
    const uint64_t operand = Reference(nodes, end);
    value = is_and ? value & operand : value | operand;
  }
  return value;
}

Result<uint64_t> EvaluateWorlds(const CompiledFilter& filter) {
  return filter.Evaluate<uint64_t>(
      [](const CompiledNode& node) -> Result<uint64_t> { return Worlds(node.node); },
      [](FilterOperator op, uint64_t& accumulated, uint64_t next) {
        accumulated = op == FilterOperator::kAnd ? accumulated & next : accumulated | next;
      },
      [](FilterOperator op) { return op == FilterOperator::kAnd ? ~uint64_t{0} : uint64_t{0}; });
}

TEST(CompiledFilterTest, AFilterThatMatchesAllHasNoNodes) {
  EXPECT_TRUE(Compiled(Filter()).matches_all());
  EXPECT_FALSE(Compiled(Filter::Any({})).matches_all());
}

TEST(CompiledFilterTest, EvaluatesAsRecursionWould) {
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    RandomEngine random(seed);
    const Filter filter = RandomFilter(random, 6);
    size_t end = filter.nodes().size();
    const uint64_t expected = Reference(filter.nodes(), end);
    ASSERT_EQ(end, 0u);
    ASSERT_EQ(EvaluateWorlds(Compiled(filter)).value(), expected) << "seed " << seed << ": " << filter.ToJson();
  }
}

TEST(CompiledFilterTest, OperatorsWithoutOperandsHaveTheirNeutralValue) {
  EXPECT_EQ(EvaluateWorlds(Compiled(Filter::Any({}))).value(), 0u);
  EXPECT_EQ(EvaluateWorlds(Compiled(Filter::FromJson(R"({"$and":[]})").value())).value(), ~uint64_t{0});
}

TEST(CompiledFilterTest, AFailingConditionFailsTheEvaluation) {
  const auto result = Compiled(Key("a") == 1 && Key("b") == 2)
                          .Evaluate<bool>(
                              [](const CompiledNode& node) -> Result<bool> {
                                if (node.node.key == "b") return Status::DataLoss("b is damaged");
                                return true;
                              },
                              [](FilterOperator, bool&, bool) {}, [](FilterOperator) { return true; });
  EXPECT_EQ(result.status(), Status::DataLoss("b is damaged"));
}

TEST(CompiledFilterTest, EachNodeKnowsItsParent) {
  const CompiledFilter compiled = Compiled(Key("a") == 1 && (Key("b") == 2 || Key("c") == 3));
  std::vector<size_t> parents;
  for (const CompiledNode& node : compiled.nodes()) parents.push_back(node.parent);
  EXPECT_THAT(parents, ElementsAre(4, 3, 3, 4, 4));
}

TEST(CompiledFilterTest, ListsOfStringsBecomeSetsThatTheFilterOwns) {
  CompiledFilter compiled;
  {
    const Filter filter = Key("k").In({"a", std::string(100, 'b'), "a"}) && Key("k").NotIn({1, 2});
    compiled = Compiled(filter);
  }
  EXPECT_THAT(compiled.nodes()[0].strings, UnorderedElementsAre("a", std::string(100, 'b')));
  EXPECT_THAT(compiled.nodes()[1].strings, IsEmpty());
}

// Counts the values that an evaluation holds at once.
class Counted {
 public:
  Counted() { most_ = std::max(most_, ++live_); }
  Counted(const Counted&) : Counted() {}
  Counted& operator=(const Counted&) = default;
  ~Counted() { --live_; }

  static inline int live_ = 0;
  static inline int most_ = 0;
};

TEST(CompiledFilterTest, AWideFilterHoldsFewValuesAtOnce) {
  const CompiledFilter wide = Compiled(Filter::Any(std::vector<Filter>(10'000, Key("k") == 1)));
  const auto evaluate = [](const CompiledFilter& filter) {
    return filter
        .Evaluate<Counted>([](const CompiledNode&) -> Result<Counted> { return Counted(); },
                           [](FilterOperator, Counted&, const Counted&) {}, [](FilterOperator) { return Counted(); })
        .ok();
  };
  Counted::most_ = 0;
  ASSERT_TRUE(evaluate(wide));
  EXPECT_LE(Counted::most_, 8);  // of one level: the sum so far, the next, and those on their way through Result
  EXPECT_EQ(Counted::live_, 0);
}

TEST(CompiledFilterTest, AHundredThousandLevelsAreEvaluatedWithoutHarm) {
  Filter deep = Key("k") == 0;
  for (int i = 0; i < 100'000; ++i) {
    deep = i % 2 == 0 ? std::move(deep) && Key("k") == i % 7 : std::move(deep) || Key("k") == i % 7;
  }
  EXPECT_TRUE(EvaluateWorlds(Compiled(deep)).ok());
}

TEST(CompiledFilterTest, ABadPatternIsRefusedWithTheReason) {
  for (const char* pattern : {"(", "a**", "[z-a]", "(?=x)", "(a)\\1", "\\"}) {
    const auto compiled = CompiledFilter::Compile(Key("k") == 1 && Document().NotMatches(pattern));
    ASSERT_FALSE(compiled.ok()) << pattern;
    EXPECT_EQ(compiled.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(compiled.status().message(), HasSubstr(std::string("in \"") + pattern + "\""));
  }
}

bool Matches(const CompiledFilter& filter, const std::string& text) {
  return re2::RE2::PartialMatch(text, *filter.nodes()[0].regex);
}

TEST(CompiledFilterTest, PatternsFollowTheDocumentedRules) {
  const auto matches = [](const char* pattern, const char* text) {
    return Matches(Compiled(Document().Matches(pattern)), text);
  };
  EXPECT_TRUE(matches("b", "abc"));         // unanchored
  EXPECT_FALSE(matches("B", "abc"));        // case-sensitive
  EXPECT_TRUE(matches("(?i)B", "abc"));     // unless the pattern says otherwise
  EXPECT_FALSE(matches("a.b", "a\nb"));     // "." is no newline
  EXPECT_TRUE(matches("(?s)a.b", "a\nb"));  //
  EXPECT_FALSE(matches("^b", "a\nb"));      // the text's ends
  EXPECT_FALSE(matches("a$", "a\nb"));      //
  EXPECT_TRUE(matches("(?m)^b", "a\nb"));   //
  EXPECT_TRUE(matches("^.$", "漢"));        // runes, not bytes
  EXPECT_TRUE(matches("\\p{Lu}", "é É"));   // Unicode classes
  EXPECT_TRUE(matches("^\\w+$", "café"));   // also by their shorthands (re2_pattern.h)
  EXPECT_TRUE(matches("", ""));
}

RegexPrefilter Prefilter(const std::string& pattern) {
  return Compiled(Document().Matches(pattern)).nodes()[0].prefilter;
}

TEST(RegexPrefilterTest, KnowsWhatEveryMatchHoldsAndWhatOneOf) {
  const RegexPrefilter prefilter = Prefilter("(abc|abd)efg.*xyz");
  EXPECT_THAT(prefilter.all_of, ElementsAre("xyz"));
  EXPECT_THAT(prefilter.any_of, UnorderedElementsAre("abcefg", "abdefg"));
}

TEST(RegexPrefilterTest, ALiteralIsRequired) {
  EXPECT_THAT(Prefilter("hello world").all_of, ElementsAre("hello world"));
  EXPECT_THAT(Prefilter("hello world").any_of, IsEmpty());
  EXPECT_THAT(Prefilter("foo.*bar").all_of, UnorderedElementsAre("foo", "bar"));
}

TEST(RegexPrefilterTest, StringsAreInLowerCase) {
  EXPECT_THAT(Prefilter("Hello").all_of, ElementsAre("hello"));
  EXPECT_THAT(Prefilter("(?i)HeLLo").all_of, ElementsAre("hello"));
}

TEST(RegexPrefilterTest, KnowsNothingOfPatternsWithoutLongStrings) {
  for (const char* pattern : {"", ".*", "ab", "[a-z]+", "(foo|ba)", "foo|", "\\d{3}", "(abc)*"}) {
    EXPECT_THAT(Prefilter(pattern).all_of, IsEmpty()) << pattern;
    EXPECT_THAT(Prefilter(pattern).any_of, IsEmpty()) << pattern;
  }
}

TEST(RegexPrefilterTest, NegationsHaveThePrefilterOfTheirPattern) {
  EXPECT_THAT(Compiled(Document().NotMatches("hello")).nodes()[0].prefilter.all_of, ElementsAre("hello"));
}

// As RE2 folds: by Unicode's simple lower case, but for two runes that occur here.
std::string Lower(std::string_view text) {
  std::string lower;
  while (!text.empty()) {
    utf8proc_int32_t rune;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &rune);
    EXPECT_GT(size, 0);
    text.remove_prefix(static_cast<size_t>(size));
    utf8proc_uint8_t bytes[4];
    const utf8proc_int32_t folded = rune == 0x17F ? 's' : rune == 0x130 ? rune : utf8proc_tolower(rune);
    const auto lower_size = utf8proc_encode_char(folded, bytes);
    lower.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(lower_size));
  }
  return lower;
}

bool Admits(const RegexPrefilter& prefilter, const std::string& text) {
  const std::string lower = Lower(text);
  const auto holds = [&](const std::string& atom) { return lower.find(atom) != std::string::npos; };
  return std::all_of(prefilter.all_of.begin(), prefilter.all_of.end(), holds) &&
         (prefilter.any_of.empty() || std::any_of(prefilter.any_of.begin(), prefilter.any_of.end(), holds));
}

TEST(RegexPrefilterTest, AdmitsEveryTextThatMatches) {
  const std::vector<std::string> patterns = {"(abc|abd)efg.*xyz",
                                             "(?i)(abc|abd)EFG.*xyz",
                                             "abc",
                                             "(?i)ABC",
                                             "^abc",
                                             "abc$",
                                             "a.c",
                                             "[aA]bc",
                                             "ab[cd]ef",
                                             "(abc)+efg",
                                             "abc(efg)?",
                                             "(abc|xyz|efg)",
                                             "(abc|x)efg",
                                             "(?s)abc.efg",
                                             "(?-u:\\b)abc(?-u:\\b)",
                                             "abc{2}",
                                             "\\w{3}efg\\W",
                                             "(?i)[^\\W\\d_]bc\\s?xyz",
                                             "(?i)kkk",
                                             "[kK]kk",
                                             "\\x{212A}kk",
                                             "(?i)\\x{212A}kk",
                                             "(?i)sss",
                                             "(?i)\\x{17F}ss",
                                             "éÉé",
                                             "(?i)éÉé",
                                             "(?i)iii",
                                             "İii",
                                             "(?i)İii",
                                             "(abc.*efg|xyz.*kkk).*sss",
                                             "((abc|efg)(xyz|kkk)|sss)"};
  // The first eight are what most patterns need, and are drawn more often. U+212A is the Kelvin sign, U+017F the long
  // s, U+0130 the dotted I, which have ASCII letters in lower case or as their folding.
  const std::vector<std::string> pieces = {"abc", "abd", "ABC", "efg", "EFG", "xyz", "XyZ", "ab",     "c",   "x",
                                           "k",   "K",   "kkk", "sss", "s",   "S",   "i",   "I",      "é",   "É",
                                           " ",   "\n",  "",    "f",   "g",   "İ",   "ſ",   "\u212A", "iii", "éÉé"};
  for (const std::string& pattern : patterns) {
    const CompiledFilter compiled = Compiled(Document().Matches(pattern));
    const RegexPrefilter& prefilter = compiled.nodes()[0].prefilter;
    RandomEngine random(1);
    int matched = 0;
    for (int i = 0; i < 4'000; ++i) {
      std::string text;
      const size_t count = RandomBelow(random, 7);
      for (size_t j = 0; j < count; ++j)
        text += pieces[RandomBelow(random, RandomBelow(random, 2) == 0 ? 8 : pieces.size())];
      if (!Matches(compiled, text)) continue;
      ++matched;
      ASSERT_TRUE(Admits(prefilter, text)) << "pattern " << pattern << " matches \"" << text << "\"";
    }
    EXPECT_GT(matched, 0) << pattern << " never matched: the texts test nothing";
  }
}

}  // namespace
}  // namespace ochre
