#include "server/cross_origin.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace ochre {
namespace {

// For how long a browser need not ask again.
constexpr std::string_view kPreflightSeconds = "600";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// "scheme://host" or "scheme://host:port", and no more; "null" is that of a page from a file.
bool IsOrigin(std::string_view text) {
  if (text == "null") return true;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const std::string_view authority = text.substr(scheme + 3);
  return !authority.empty() && std::ranges::all_of(authority, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-._~:[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

CrossOrigin::CrossOrigin(std::vector<std::string> origins)
    : origins_(std::move(origins)), all_(std::ranges::find(origins_, "*") != origins_.end()) {}

bool CrossOrigin::Allows(std::string_view origin) const {
  return all_ || std::ranges::find(origins_, LowerCase(origin)) != origins_.end();
}

bool CrossOrigin::Forbids(const HttpHead& head) const {
  if (head.origin.empty() || head.method == HttpMethod::kGet || head.method == HttpMethod::kOptions) return false;
  const std::string origin = LowerCase(head.origin);
  const std::string host = LowerCase(head.host);
  return origin != "http://" + host && origin != "https://" + host && !Allows(origin);
}

bool CrossOrigin::IsGrantedPreflight(const HttpHead& head) const {
  return head.method == HttpMethod::kOptions && !head.requested_method.empty() && !head.origin.empty() &&
         Allows(head.origin);
}

void CrossOrigin::GrantPreflight(const HttpHead& head, const std::string& methods, HttpResponse& answer) const {
  answer.headers.emplace_back("Access-Control-Allow-Methods", methods);
  // Clients may be told to send any fields: those that are asked for are named, since "*" is not "Authorization".
  if (!head.requested_headers.empty()) {
    answer.headers.emplace_back("Access-Control-Allow-Headers", head.requested_headers);
  }
  answer.headers.emplace_back("Access-Control-Max-Age", kPreflightSeconds);
  answer.headers.emplace_back("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
}

void CrossOrigin::AddFields(const HttpHead& head, HttpResponse& answer) const {
  if (origins_.empty()) return;
  // A cache must not give one origin the answer to another.
  if (!all_) answer.headers.emplace_back("Vary", "Origin");
  if (!all_ && (head.origin.empty() || !Allows(head.origin))) return;
  answer.headers.emplace_back("Access-Control-Allow-Origin", all_ ? "*" : head.origin);
  answer.headers.emplace_back("Access-Control-Expose-Headers", "chroma-trace-id, x-request-id, retry-after");
}

Result<std::vector<std::string>> ParseOrigins(std::string_view list) {
  std::vector<std::string> origins;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string origin = LowerCase(list.substr(0, comma));
    if (origin != "*" && !IsOrigin(origin)) {
      return Status::InvalidArgument("\"", origin,
                                     "\" is no origin as browsers name it, scheme://host or scheme://host:port, nor *");
    }
    origins.push_back(origin);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return origins;
}

}  // namespace ochre
