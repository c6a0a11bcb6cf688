// Patterns as Chroma has them, in the syntax of Rust's regex crate, as RE2 patterns that mean the same.
#ifndef OCHRE_PLAN_RE2_PATTERN_H_
#define OCHRE_PLAN_RE2_PATTERN_H_

#include <string>
#include <string_view>

#include "ochre/status.h"

namespace ochre {

// The two agree on most of their syntax. Rewritten is what RE2 reads as something else:
//   \d \s \w and their negations   by Unicode: \p{Nd}; White_Space; Alphabetic, marks, \p{Nd}, \p{Pc} and joiners
//   \p{C}                          with the code points that are not assigned
//   (?u), (?<name>...), \u{...}    which RE2 does not know
//   (?-u:\b), (?-u:\d), ...        ASCII: one of \b \d \s \w alone
//   a{02}                          which RE2 takes as a literal
// What RE2 lacks is refused: Unicode's \b and \B, look-around, back-references, nested classes and their set operations
// (&&, --, ~~), (?x), (?R), (?-u) around anything else. So is what Rust refuses and RE2 reads as a literal (a{2,), as
// an octal number (\123) or as half a character (\C). RE2's \Q...\E remains.
//
// Properties are of RE2's version of Unicode. Precondition: `pattern` is UTF-8. InvalidArgument says what is refused,
// at which byte, and what to write instead. RE2 finds the rest of the errors, which both call errors.
Result<std::string> ToRe2Pattern(std::string_view pattern);

}  // namespace ochre

#endif  // OCHRE_PLAN_RE2_PATTERN_H_
