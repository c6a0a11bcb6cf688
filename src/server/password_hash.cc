#include "server/password_hash.h"

#include <crypt.h>

#include <memory>

#include "gateway/authenticator.h"

namespace ochre {

bool IsStrongPasswordHash(const std::string& hash) {
  return hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$") || hash.starts_with("$y$");
}

bool VerifyPassword(const std::string& password, const std::string& hash) {
  // bcrypt reads 72 bytes, and crypt() up to the first NUL: what is cut off would not be part of the password.
  if (password.find('\0') != std::string::npos) return false;
  const auto data = std::make_unique<crypt_data>();  // 32 KB, zeroed as crypt_r demands
  const char* const computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  return computed != nullptr && computed[0] != '*' && EqualInConstantTime(computed, hash);
}

}  // namespace ochre
