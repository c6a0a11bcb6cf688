// Gunzip: a body that was sent with "Content-Encoding: gzip", as it was before.
#ifndef OCHRE_SERVER_GUNZIP_H_
#define OCHRE_SERVER_GUNZIP_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "server/http_error.h"

namespace ochre {

// `compressed` is one member of gzip's format (RFC 1952), or several. The result takes memory as it grows, and
// `may_grow_to` is asked for it beforehand: a small body that unpacks to a huge one gets no further than is allowed.
// 400: no gzip, damaged, cut off, or followed by something else. 413: more than `bytes_max`. 503: it may not grow.
HttpResult<std::string> Gunzip(std::string_view compressed, size_t bytes_max,
                               const std::function<bool(size_t bytes)>& may_grow_to);

}  // namespace ochre

#endif  // OCHRE_SERVER_GUNZIP_H_
