#include "gateway/authorization.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace ochre {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAny = "*";
constexpr std::array<std::pair<std::string_view, Access>, 3> kRoles = {
    {{"reader", Access::kRead}, {"writer", Access::kWrite}, {"admin", Access::kAdmin}}};
constexpr std::array<std::string_view, 6> kFields = {"id", "role", "tenant", "databases", "tokens", "password_hash"};

// 16 characters of base64 are 96 bits, which nobody guesses over a network.
constexpr size_t kTokenLengthMin = 16;

Status ReadText(const Json& user, const char* field, std::string& text) {
  if (!user.contains(field)) return Status::Ok();
  if (!user[field].is_string()) return Status::InvalidArgument("users file: \"", field, "\" must be a string");
  text = user[field].get<std::string>();
  return Status::Ok();
}

Status ReadTexts(const Json& user, const char* field, std::vector<std::string>& texts) {
  if (!user.contains(field)) return Status::Ok();
  const Json& list = user[field];
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const Json& text) { return text.is_string(); })) {
    return Status::InvalidArgument("users file: \"", field, "\" must be a list of strings");
  }
  texts = list.get<std::vector<std::string>>();
  return Status::Ok();
}

Result<User> UserFromJson(const Json& json) {
  if (!json.is_object()) return Status::InvalidArgument("users file: each user must be an object");
  for (const auto& [field, value] : json.items()) {
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
      return Status::InvalidArgument("users file: a user has an unknown field \"", field, "\"");
    }
  }
  User user;
  std::string role;
  OCHRE_RETURN_IF_ERROR(ReadText(json, "id", user.id));
  OCHRE_RETURN_IF_ERROR(ReadText(json, "role", role));
  OCHRE_RETURN_IF_ERROR(ReadText(json, "tenant", user.tenant));
  OCHRE_RETURN_IF_ERROR(ReadTexts(json, "databases", user.databases));
  OCHRE_RETURN_IF_ERROR(ReadTexts(json, "tokens", user.tokens));
  OCHRE_RETURN_IF_ERROR(ReadText(json, "password_hash", user.password_hash));
  if (user.id.empty()) return Status::InvalidArgument("users file: a user has no id");
  // A colon would end the name within basic credentials.
  if (user.id.find(':') != std::string::npos) {
    return Status::InvalidArgument("users file: the id \"", user.id, "\" must not contain a colon");
  }
  const auto known = std::find_if(kRoles.begin(), kRoles.end(), [&](const auto& r) { return r.first == role; });
  if (known == kRoles.end()) {
    return Status::InvalidArgument("users file: the role of \"", user.id,
                                   "\" must be \"reader\", \"writer\" or \"admin\", not \"", role, "\"");
  }
  user.access = known->second;
  if (user.tenant.empty() || user.databases.empty()) {
    return Status::InvalidArgument("users file: \"", user.id, "\" needs a tenant and databases; \"*\" means all");
  }
  if (user.tokens.empty() && user.password_hash.empty()) {
    return Status::InvalidArgument("users file: \"", user.id, "\" has neither tokens nor a password_hash");
  }
  for (const std::string& token : user.tokens) {
    if (token.size() < kTokenLengthMin) {
      return Status::InvalidArgument("users file: a token of \"", user.id, "\" has ", token.size(),
                                     " characters, but must have at least ", kTokenLengthMin);
    }
  }
  return user;
}

bool CoversTenant(const User& user, std::string_view tenant) { return user.tenant == kAny || user.tenant == tenant; }

bool CoversDatabase(const User& user, std::string_view database) {
  return std::any_of(user.databases.begin(), user.databases.end(),
                     [&](const std::string& covered) { return covered == kAny || covered == database; });
}

}  // namespace

Result<std::vector<User>> UsersFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() != 1 || !json.contains("users") || !json["users"].is_array()) {
    return Status::InvalidArgument("users file: must be JSON of the form {\"users\": [...]}");
  }
  std::vector<User> users;
  std::set<std::string> ids;
  std::set<std::string> tokens;
  for (const Json& entry : json["users"]) {
    OCHRE_ASSIGN_OR_RETURN(User user, UserFromJson(entry));
    if (!ids.insert(user.id).second) return Status::InvalidArgument("users file: two users are \"", user.id, "\"");
    for (const std::string& token : user.tokens) {
      if (tokens.insert(token).second) continue;
      return Status::InvalidArgument("users file: a token of \"", user.id, "\" occurs twice");
    }
    users.push_back(std::move(user));
  }
  return users;
}

Status Authorize(const User& user, Access access, Scope scope, std::string_view tenant, std::string_view database) {
  const auto denied = [&](const auto&... pieces) {
    return Status(StatusCode::kPermissionDenied,
                  status_internal::Concatenate("Permission denied. The credential of \"", user.id, "\" ", pieces...));
  };
  if (user.access < access) return denied("does not allow this operation");
  if (scope == Scope::kNone) return Status::Ok();
  if (scope == Scope::kServer) return user.tenant == kAny ? Status::Ok() : denied("does not cover all tenants");
  if (!CoversTenant(user, tenant)) return denied("does not cover the tenant [", tenant, "]");
  if (scope == Scope::kTenant) return Status::Ok();
  if (scope == Scope::kAllDatabases) {
    return CoversDatabase(user, kAny) ? Status::Ok() : denied("does not cover all databases of the tenant");
  }
  return CoversDatabase(user, database) ? Status::Ok() : denied("does not cover the database [", database, "]");
}

}  // namespace ochre
