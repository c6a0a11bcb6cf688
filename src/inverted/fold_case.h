// FoldCase: how the trigram index makes upper and lower case alike.
#ifndef OCHRE_INVERTED_FOLD_CASE_H_
#define OCHRE_INVERTED_FOLD_CASE_H_

#include <string>
#include <string_view>

namespace ochre {

// Maps A-Z to a-z, and the three other runes that Unicode's lower case or case folding maps to an ASCII letter:
// U+0130 (capital I with a dot) to i, U+017F (long s) to s, U+212A (kelvin sign) to k. Everything else stays byte for
// byte. So a substring of a text folds to a substring of the folded text, and an ASCII string that occurs in a text put
// to lower case rune by rune occurs in the folded text.
std::string FoldCase(std::string_view text);

}  // namespace ochre

#endif  // OCHRE_INVERTED_FOLD_CASE_H_
