// Appending JSON to text: for responses that are long, where building a document first would cost more than searching.
#ifndef OCHRE_SERVER_JSON_TEXT_H_
#define OCHRE_SERVER_JSON_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ochre {

// In quotes, escaped. Precondition: valid UTF-8, which everything stored is.
void AppendJsonString(std::string& json, std::string_view text);

void AppendJsonInteger(std::string& json, int64_t number);

// The shortest text that reads back as the same float32, always with a fraction or an exponent ("1.0"), so that typed
// clients take it for a float. JSON has no infinity: a distance that overflowed is null.
void AppendJsonFloat(std::string& json, float number);

// [1.0,0.5]
void AppendJsonFloats(std::string& json, std::span<const float> numbers);

}  // namespace ochre

#endif  // OCHRE_SERVER_JSON_TEXT_H_
