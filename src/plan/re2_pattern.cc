#include "plan/re2_pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace ochre {
namespace {

// Sets of code points, as items of an RE2 class.
//
// White_Space, which has not changed since Unicode 6.3, and what is outside.
constexpr std::string_view kSpace =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{E}-\x{1F}!-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
// What UTS #18 says a word is of: Alphabetic, marks, decimal digits, connectors, Join_Control. RE2 has no Alphabetic,
// but categories, of which it is L and Nl, some marks, and letters in circles and squares (the last four ranges: in
// Unicode 6.1 to 15.0 no others).
constexpr std::string_view kWord = R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D})"
                                   R"(\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189})";
// All categories but C, whose RE2 group lacks the code points that are not assigned.
constexpr std::string_view kNotOther = R"(\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z})";

constexpr int kRepetitionsMax = 1'000;  // RE2's limit

// What is larger, since \W in a class takes 13 KB, is beyond RE2's limit once compiled, and may be of hundreds of MB.
constexpr size_t kRewrittenBytesMax = size_t{8} << 20;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool IsPunctuation(char c) { return c > ' ' && c < 0x7F && IsAscii(c) && !IsDigit(c) && !IsLetter(c); }

void AppendUtf8(uint32_t code_point, std::string& text) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0 | code_point >> 12);
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xF0 | code_point >> 18);
    tail(12), tail(6), tail(0);
  }
}

uint32_t DecodeUtf8(const char* text) {
  const auto byte = [text](int i) { return uint32_t{static_cast<unsigned char>(text[i])}; };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

std::string HexEscape(uint32_t code_point) {
  char text[16];
  std::snprintf(text, sizeof(text), "\\x{%X}", code_point);
  return text;
}

// The code points outside of `items`, as ranges: a class cannot hold the complement of another. RE2 finds them in a
// text of all code points, so that both are of one version of Unicode. Tens of milliseconds.
std::string RangesOutside(std::string_view items) {
  std::string all;
  all.reserve(size_t{0x110000} * 4);
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) AppendUtf8(c, all);
  }
  const re2::RE2 outside("[^" + std::string(items) + "]+");
  std::string ranges;
  re2::StringPiece run;
  for (size_t at = 0; outside.Match(all, at, all.size(), re2::RE2::UNANCHORED, &run, 1);) {
    const char* last = run.data() + run.size() - 1;
    while (IsContinuation(*last)) --last;
    ranges += HexEscape(DecodeUtf8(run.data())) + '-' + HexEscape(DecodeUtf8(last));
    at = static_cast<size_t>(run.data() - all.data()) + run.size();
  }
  return ranges;
}

const std::string& NotWord() {
  static const std::string ranges = RangesOutside(kWord);
  return ranges;
}

const std::string& Other() {
  static const std::string ranges = RangesOutside(kNotOther);
  return ranges;
}

// A literal as a class or a sequence takes it.
void AppendLiteral(char c, std::string& out) {
  if (IsPunctuation(c) && c != '_') out += '\\';
  out += c;
}

class Rewriter {
 public:
  explicit Rewriter(std::string_view pattern) : pattern_(pattern) { out_.reserve(pattern.size()); }

  Result<std::string> Rewrite() {
    while (at_ < pattern_.size()) {
      if (out_.size() > kRewrittenBytesMax) return Refuse(at_, at_ + 1, "up to here the pattern is too large already");
      switch (pattern_[at_]) {
        case '\\':
          OCHRE_RETURN_IF_ERROR(RewriteEscape());
          break;
        case '[':
          OCHRE_RETURN_IF_ERROR(RewriteClass());
          break;
        case '(':
          OCHRE_RETURN_IF_ERROR(RewriteGroup());
          break;
        case '{':
          OCHRE_RETURN_IF_ERROR(RewriteRepetition());
          break;
        default:
          out_ += pattern_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  // One element of a class.
  struct Item {
    std::string text;           // as RE2 takes it
    bool is_character = false;  // and may be an end of a range
  };

  // What is left of the pattern.
  std::string_view Rest() const { return pattern_.substr(at_); }
  char Peek(size_t ahead) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }
  std::string_view Fragment(size_t begin, size_t end) const {
    return pattern_.substr(begin, std::min(end, pattern_.size()) - begin);
  }

  template <typename... Parts>
  Status Refuse(size_t begin, size_t end, const Parts&... parts) const {
    while (end < pattern_.size() && IsContinuation(pattern_[end])) ++end;  // so that the message is UTF-8
    return Status::InvalidArgument("Regex syntax error: ", Fragment(begin, end), " at byte ", begin, " in \"", pattern_,
                                   "\": ", parts...);
  }

  // At a backslash, outside of classes.
  Status RewriteEscape() {
    const size_t begin = at_;
    switch (Peek(1)) {
      case 'b':
      case 'B':
      case '<':
      case '>':
        return Refuse(
            begin, begin + 2,
            "boundaries of words by Unicode's letters are not supported; write (?-u:\\b) for those of words of "
            "ASCII letters, digits and \"_\"");
      case 'A':
      case 'z':
        out_ += Fragment(begin, begin + 2);
        at_ += 2;
        return Status::Ok();
      case 'Q': {
        const size_t end = std::min(pattern_.find("\\E", begin + 2), pattern_.size());
        for (const char c : Fragment(begin + 2, end)) AppendLiteral(c, out_);
        at_ = std::min(end + 2, pattern_.size());
        return Status::Ok();
      }
      case 'd':
      case 's':
      case 'w':
        out_ += '[';
        out_ += SetOf(Peek(1));
        out_ += ']';
        at_ += 2;
        return Status::Ok();
      case 'D':
      case 'S':
      case 'W':
        out_ += "[^";
        out_ += SetOf(static_cast<char>(Peek(1) - 'A' + 'a'));
        out_ += ']';
        at_ += 2;
        return Status::Ok();
      default:
        OCHRE_ASSIGN_OR_RETURN(const Item item, TakeEscapedItem());
        out_ += item.is_character ? item.text : "[" + item.text + "]";
        return Status::Ok();
    }
  }

  // The set of \d, \s or \w.
  static std::string_view SetOf(char c) { return c == 'd' ? R"(\p{Nd})" : c == 's' ? kSpace : kWord; }

  // At a backslash: an escape that a class may hold.
  Result<Item> TakeEscapedItem() {
    const size_t begin = at_;
    const char c = Peek(1);
    at_ = std::min(begin + 2, pattern_.size());
    switch (c) {
      case 'd':
      case 's':
      case 'w':
        return Item{.text = std::string(SetOf(c))};
      case 'D':
        return Item{.text = R"(\P{Nd})"};
      case 'S':
        return Item{.text = std::string(kNotSpace)};
      case 'W':
        return Item{.text = NotWord()};
      case 'p':
      case 'P':
        return TakeProperty(begin);
      case 'a':
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'v':
        return Item{.text = std::string(Fragment(begin, at_)), .is_character = true};
      case 'x':
      case 'u':
      case 'U':
        return TakeHexadecimal(begin);
      default:
        break;
    }
    if (at_ < begin + 2) return Refuse(begin, at_, "nothing follows the backslash; a backslash itself is \\\\");
    if (IsDigit(c)) {
      return Refuse(begin, at_, "there are no back-references and no octal numbers; write characters as \\x{...}");
    }
    if (c == 'C') return Refuse(begin, at_, "bytes of characters do not match; write (?s:.) for any character");
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == '<' || c == '>') {
      return Refuse(begin, at_, "is no set of characters, which a class is of");
    }
    if (!IsAscii(c) || IsLetter(c)) return Refuse(begin, at_, "there is no such escape");
    Item literal{.is_character = true};
    AppendLiteral(c, literal.text);
    return literal;
  }

  // After \p or \P, which is at `begin`.
  Result<Item> TakeProperty(size_t begin) {
    bool negated = pattern_[begin + 1] == 'P';
    std::string_view name = Rest().substr(0, 1);
    at_ += name.size();
    if (name == "{") {
      const size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) return Refuse(begin, at_, "the closing brace is missing");
      name = Fragment(at_, end);
      at_ = end + 1;
      if (name.starts_with('^')) {
        negated = !negated;
        name.remove_prefix(1);
      }
    }
    if (name == "C") return Item{.text = negated ? std::string(kNotOther) : Other()};
    const auto is_of_name = [](char c) { return IsLetter(c) || c == '_'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_of_name)) {
      return Refuse(begin, at_, "a property is a category (L, Lu, Nd, ...) or a script (Greek, Han, ...)");
    }
    return Item{.text = (negated ? "\\P{" : "\\p{") + std::string(name) + "}"};
  }

  // After \x, \u or \U, which is at `begin`.
  Result<Item> TakeHexadecimal(size_t begin) {
    const char kind = pattern_[begin + 1];
    const size_t width = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    std::string_view digits = Rest().substr(0, width);
    if (Rest().starts_with('{')) {
      const size_t end = std::min(pattern_.find('}', at_), pattern_.size());
      digits = Fragment(at_ + 1, end);
      at_ = std::min(end + 1, pattern_.size());
      if (end == pattern_.size()) digits = {};
    } else {
      at_ += digits.size();
      if (digits.size() < width) digits = {};
    }
    uint32_t code_point = 0;
    const auto [parsed_to, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code_point, 16);
    if (digits.empty() || error != std::errc() || parsed_to != digits.data() + digits.size() || code_point > 0x10FFFF ||
        (code_point >= 0xD800 && code_point <= 0xDFFF)) {
      return Refuse(begin, at_, "names no character; write \\x{...} with a hexadecimal number");
    }
    return Item{.text = HexEscape(code_point), .is_character = true};
  }

  // At a brace.
  Status RewriteRepetition() {
    const size_t begin = at_;
    const auto take_number = [&]() -> std::optional<int> {
      int number = 0;
      const size_t first = at_;
      for (; IsDigit(Peek(0)); ++at_) number = std::min(10 * number + (Peek(0) - '0'), kRepetitionsMax + 1);
      return at_ > first ? std::optional(number) : std::nullopt;
    };
    ++at_;
    const std::optional<int> min = take_number();
    std::optional<int> max = min;
    if (Peek(0) == ',') {
      ++at_;
      max = take_number();
    }
    if (!min.has_value() || Peek(0) != '}') {
      return Refuse(begin, at_ + 1, "a repetition is {n}, {n,} or {n,m}; a brace itself is \\{");
    }
    ++at_;
    if (*min > kRepetitionsMax || max.value_or(0) > kRepetitionsMax) {
      return Refuse(begin, at_, "a repetition is of at most ", kRepetitionsMax);
    }
    out_ += '{' + std::to_string(*min);
    if (max != min || pattern_[at_ - 2] == ',') out_ += ',';
    if (max.has_value() && max != min) out_ += std::to_string(*max);
    out_ += '}';
    return Status::Ok();
  }

  // At an opening parenthesis.
  Status RewriteGroup() {
    const size_t begin = at_;
    if (Peek(1) != '?') {
      out_ += pattern_[at_++];
      return Status::Ok();
    }
    const std::string_view inside = Rest().substr(2);
    if (inside.starts_with('=') || inside.starts_with('!') || inside.starts_with("<=") || inside.starts_with("<!")) {
      return Refuse(begin, begin + (inside.starts_with('<') ? 4 : 3),
                    "there is no look-around; join a second $regex or $not_regex by $and");
    }
    if (inside.starts_with('<') || inside.starts_with("P<")) {
      out_ += "(?P<";
      at_ += inside.starts_with('<') ? 3 : 4;
      return Status::Ok();
    }
    if (inside.starts_with("-u")) return RewriteAsciiGroup();
    return RewriteFlags();
  }

  // At "(?-u".
  Status RewriteAsciiGroup() {
    constexpr std::pair<std::string_view, std::string_view> kGroups[] = {
        {R"((?-u:\b))", R"((?:\b))"},
        // Not folded: under (?i) RE2 would add the long s and the Kelvin sign.
        {R"((?-u:\d))", "(?-i:[0-9])"},
        {R"((?-u:\s))", R"((?-i:[\t-\r ]))"},
        {R"((?-u:\w))", "(?-i:[0-9A-Za-z_])"},
    };
    for (const auto& [group, rewritten] : kGroups) {
      if (!Rest().starts_with(group)) continue;
      out_ += rewritten;
      at_ += group.size();
      return Status::Ok();
    }
    return Refuse(at_, at_ + 4, "without Unicode are only (?-u:\\b), (?-u:\\d), (?-u:\\s) and (?-u:\\w)");
  }

  // At "(?" before flags.
  Status RewriteFlags() {
    const size_t begin = at_;
    std::string flags;
    bool negative = false;
    for (at_ += 2; at_ < pattern_.size() && Peek(0) != ':' && Peek(0) != ')'; ++at_) {
      const char c = Peek(0);
      if (c == '-' && !negative) {
        negative = true;
        flags += c;
      } else if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
        flags += c;
      } else if (c == 'x') {
        return Refuse(begin, at_ + 1, "there is no mode that ignores white space; leave the spaces out");
      } else if (c == 'R') {
        return Refuse(begin, at_ + 1, "\\r\\n is not taken as one end of line; write \\r?$");
      } else if (c == 'u' && negative) {
        return Refuse(begin, at_ + 1, "without Unicode are only (?-u:\\b), (?-u:\\d), (?-u:\\s) and (?-u:\\w)");
      } else if (c != 'u') {
        return Refuse(begin, at_ + 1,
                      "a group is (...), (?<name>...), (?:...), or has flags of \"imsUu\" as (?i) or (?i:...)");
      }
    }
    if (at_ == pattern_.size()) return Refuse(begin, at_, "the closing parenthesis is missing");
    const char last = Peek(0);
    if (flags.ends_with('-') || (last == ')' && at_ == begin + 2)) return Refuse(begin, at_ + 1, "flags are missing");
    ++at_;
    if (last == ')' && at_ < pattern_.size() && std::string_view("*+?{").find(Peek(0)) != std::string_view::npos) {
      return Refuse(begin, at_ + 1, "flags cannot be repeated");  // RE2 would repeat what is before them
    }
    if (flags.empty() && last == ')') return Status::Ok();  // (?u), which is the default
    out_ += "(?" + flags + last;
    return Status::Ok();
  }

  // At an opening bracket.
  Status RewriteClass() {
    const size_t begin = at_++;
    std::string items;
    if (Peek(0) == '^') {
      items += '^';
      ++at_;
    }
    const size_t first = at_;
    for (; Peek(0) == '-'; ++at_) items += "\\-";
    if (at_ == first && Peek(0) == ']') {
      items += "\\]";
      ++at_;
    }
    while (Peek(0) != ']' || at_ >= pattern_.size()) {
      if (at_ >= pattern_.size()) return Refuse(begin, begin + 1, "the class has no closing bracket");
      OCHRE_RETURN_IF_ERROR(RefuseSetOperation());
      if (items.size() > kRewrittenBytesMax) return Refuse(begin, begin + 1, "the class is too large");
      if (Peek(0) == '[') {
        OCHRE_ASSIGN_OR_RETURN(const std::string_view name, TakeAsciiClass());
        items += name;
        continue;
      }
      const size_t item_begin = at_;
      OCHRE_ASSIGN_OR_RETURN(const Item item, TakeItem());
      items += item.text;
      if (Peek(0) != '-' || Peek(1) == ']' || Peek(1) == '-') continue;
      ++at_;
      if (at_ >= pattern_.size()) continue;
      OCHRE_ASSIGN_OR_RETURN(const Item last, TakeItem());
      if (!item.is_character || !last.is_character) {
        return Refuse(item_begin, at_, "a range is from one character to another; a hyphen itself is \\-");
      }
      items += '-' + last.text;
    }
    ++at_;
    out_ += '[' + items + ']';
    return Status::Ok();
  }

  // Operators of Rust's classes, which RE2 would read as characters.
  Status RefuseSetOperation() const {
    for (const std::string_view op : {"&&", "--", "~~"}) {
      if (Rest().starts_with(op)) {
        return Refuse(at_, at_ + 2, "classes have no set operations; the characters themselves are \\", op.substr(0, 1),
                      "\\", op.substr(0, 1));
      }
    }
    return Status::Ok();
  }

  // At a bracket inside of a class: [:name:] or [:^name:].
  Result<std::string_view> TakeAsciiClass() {
    constexpr std::string_view kNames[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
                                           "lower", "print", "punct", "space", "upper", "word",  "xdigit"};
    const size_t end = pattern_.find(":]", at_);
    if (Peek(1) == ':' && end != std::string_view::npos) {
      std::string_view name = Fragment(at_ + 2, end);
      if (name.starts_with('^')) name.remove_prefix(1);
      if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) {
        const std::string_view whole = Fragment(at_, end + 2);
        at_ = end + 2;
        return whole;
      }
    }
    return Refuse(at_, at_ + 1,
                  "there are no classes within classes but [:alpha:] and its like; a bracket itself is \\[");
  }

  // One character, or what an escape stands for.
  Result<Item> TakeItem() {
    if (Peek(0) == '\\') return TakeEscapedItem();
    Item literal{.is_character = true};
    AppendLiteral(pattern_[at_++], literal.text);
    for (; at_ < pattern_.size() && IsContinuation(pattern_[at_]); ++at_) literal.text += pattern_[at_];
    return literal;
  }

  const std::string_view pattern_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> ToRe2Pattern(std::string_view pattern) { return Rewriter(pattern).Rewrite(); }

}  // namespace ochre
