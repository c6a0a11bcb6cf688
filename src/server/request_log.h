// RequestLog: one line of JSON an answered request, and a few about the server itself.
#ifndef OCHRE_SERVER_REQUEST_LOG_H_
#define OCHRE_SERVER_REQUEST_LOG_H_

#include <string>
#include <string_view>

#include "server/metrics.h"

namespace ochre {

// Thread-safe: each line is one write.
class RequestLog {
 public:
  enum class Level { kNone, kErrors, kAll };  // of requests; errors are answers of 500 and above

  // Writes to the file descriptor, which is not closed.
  RequestLog(int file, Level level) : file_(file), level_(level) {}

  void Write(const Exchange& exchange) const;

  // {"time": ..., "event": event, "message": message}
  void WriteEvent(std::string_view event, std::string_view message) const;

  // 16 hexadecimal digits that no other request of this process has, nor, most likely, one of another.
  static std::string NewRequestId();

 private:
  void WriteLine(const std::string& line) const;

  const int file_;
  const Level level_;
};

}  // namespace ochre

#endif  // OCHRE_SERVER_REQUEST_LOG_H_
