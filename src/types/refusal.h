// How the messages of ResourceExhausted errors begin that callers treat differently.
#ifndef OCHRE_TYPES_REFUSAL_H_
#define OCHRE_TYPES_REFUSAL_H_

#include <string_view>

namespace ochre {

// A quota: no waiting lifts it.
inline constexpr std::string_view kQuotaExceeded = "Quota exceeded";

// Compaction is behind the writers: the same write will pass a little later.
inline constexpr std::string_view kBackoff = "Backoff and retry";

}  // namespace ochre

#endif  // OCHRE_TYPES_REFUSAL_H_
