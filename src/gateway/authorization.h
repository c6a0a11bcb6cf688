// Who may do what: the users that a server knows, and the check of each of their calls. Deny by default.
#ifndef OCHRE_GATEWAY_AUTHORIZATION_H_
#define OCHRE_GATEWAY_AUTHORIZATION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/status.h"

namespace ochre {

// What a call does; who may do one may do those before it.
enum class Access : uint8_t {
  kRead,   // changes nothing
  kWrite,  // changes records, collections, databases
  kAdmin,  // changes tenants, or everything at once
};

// What a call concerns.
enum class Scope : uint8_t {
  kNone,          // nobody's data
  kTenant,        // a tenant, but none of what is in its databases
  kDatabase,      // one database and its collections
  kAllDatabases,  // the databases of a tenant as a whole: which there are
  kServer,        // all tenants
};

struct User {
  std::string id;
  Access access = Access::kRead;
  std::string tenant;                  // "*": all
  std::vector<std::string> databases;  // {"*"}: all of the tenant
  std::vector<std::string> tokens = {};
  std::string password_hash = {};  // as crypt(5) writes it, "$2b$..."; empty: no password
};

// {"users": [{"id": "ada", "role": "reader" | "writer" | "admin", "tenant": "default_tenant", "databases": ["*"],
// "tokens": ["..."], "password_hash": "$2b$..."}]}; id, role, tenant, databases and one of the last two are required.
// InvalidArgument: not that; an unknown field; an id or a token that occurs twice; a token shorter than 16 characters.
Result<std::vector<User>> UsersFromJson(std::string_view json);

// PermissionDenied: "Permission denied.", and what for. `tenant` and `database` count where `scope` says.
Status Authorize(const User& user, Access access, Scope scope, std::string_view tenant, std::string_view database);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_AUTHORIZATION_H_
