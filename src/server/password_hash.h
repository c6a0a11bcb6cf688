// Password hashes as crypt(5) describes them.
#ifndef OCHRE_SERVER_PASSWORD_HASH_H_
#define OCHRE_SERVER_PASSWORD_HASH_H_

#include <string>

namespace ochre {

// Whether `hash` is of a kind that is slow enough to keep passwords by: bcrypt ("$2a$", "$2b$", "$2y$") or yescrypt
// ("$y$").
bool IsStrongPasswordHash(const std::string& hash);

// Whether `password` is the one that `hash` was made from. Thread-safe; takes as long as the hash's cost says.
bool VerifyPassword(const std::string& password, const std::string& hash);

}  // namespace ochre

#endif  // OCHRE_SERVER_PASSWORD_HASH_H_
