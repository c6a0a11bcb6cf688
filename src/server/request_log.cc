#include "server/request_log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "runtime/random.h"
#include "server/json_text.h"
#include "types/utf8.h"

namespace ochre {
namespace {

// Where a name came from the network it may hold anything, and be as long as a head may be.
void AppendField(std::string& line, std::string_view name, std::string_view value) {
  constexpr size_t kValueBytesMax = 512;
  line += ",\"";
  line += name;
  line += "\":";
  std::string text(value.substr(0, kValueBytesMax));
  if (!IsValidUtf8(text)) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  AppendJsonString(line, text);
}

void AppendField(std::string& line, std::string_view name, int64_t value) {
  line += ",\"";
  line += name;
  line += "\":";
  AppendJsonInteger(line, value);
}

// {"time":"2024-05-01T12:00:00.123Z"
std::string LineWithTime() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  const auto millis = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 1000);
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[64];
  const size_t length = std::strftime(text, sizeof(text), "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ\"", millis);
  return text;
}

}  // namespace

void RequestLog::Write(const Exchange& exchange) const {
  const bool wanted = level_ == Level::kAll || (level_ == Level::kErrors && exchange.status >= 500);
  if (!wanted) return;
  std::string line = LineWithTime();
  AppendField(line, "request_id", exchange.request_id);
  AppendField(line, "operation", exchange.operation);
  AppendField(line, "method", exchange.method);
  AppendField(line, "target", exchange.target);
  AppendField(line, "status", exchange.status);
  AppendField(line, "microseconds", std::chrono::duration_cast<std::chrono::microseconds>(exchange.duration).count());
  AppendField(line, "bytes_in", exchange.bytes_in);
  AppendField(line, "bytes_out", exchange.bytes_out);
  AppendField(line, "remote", exchange.remote);
  if (!exchange.user.empty()) AppendField(line, "user", exchange.user);
  line += "}\n";
  WriteLine(line);
}

void RequestLog::WriteEvent(std::string_view event, std::string_view message) const {
  std::string line = LineWithTime();
  AppendField(line, "event", event);
  AppendField(line, "message", message);
  line += "}\n";
  WriteLine(line);
}

void RequestLog::WriteLine(const std::string& line) const {
  // A log that cannot be written must not stop the server, and there is nowhere to say so.
  [[maybe_unused]] const ssize_t written = write(file_, line.data(), line.size());
}

std::string RequestLog::NewRequestId() {
  static const uint64_t start = [] {
    const Uuid random = RandomUuid();
    uint64_t bits;
    std::memcpy(&bits, random.bytes.data() + 8, sizeof(bits));
    return bits;
  }();
  static std::atomic<uint64_t> count = 0;
  // An odd factor maps different counts to different ids; this one scatters them (Knuth's golden ratio).
  const uint64_t id = (start + count.fetch_add(1)) * 0x9e3779b97f4a7c15;
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(id));
  return text;
}

}  // namespace ochre
