// WordsOf: the words of a text, as every embedder sees them.
#ifndef OCHRE_EMBEDDING_TOKENIZER_H_
#define OCHRE_EMBEDDING_TOKENIZER_H_

#include <string>
#include <string_view>
#include <vector>

namespace ochre {

// The runs of letters and digits (Unicode categories L, M and N) of `text`, put to lower case rune by rune. Bytes that
// are no valid UTF-8 separate words.
std::vector<std::string> WordsOf(std::string_view text);

}  // namespace ochre

#endif  // OCHRE_EMBEDDING_TOKENIZER_H_
