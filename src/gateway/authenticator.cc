#include "gateway/authenticator.h"

#include <cstdint>
#include <utility>

namespace ochre {
namespace {

// A bcrypt hash of cost 12 takes about 0.2 s of one core: this many wrong passwords a second take at most that core.
constexpr double kWrongPasswordsPerSecond = 5;
constexpr double kWrongPasswordsBurst = 20;

Status NobodysCredential() { return Status(StatusCode::kUnauthenticated, "Permission denied."); }

}  // namespace

bool EqualInConstantTime(const std::string& given, const std::string& secret) {
  if (secret.empty()) return false;
  uint32_t difference = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    difference |=
        static_cast<uint32_t>(static_cast<uint8_t>(given[i]) ^ static_cast<uint8_t>(secret[i % secret.size()]));
  }
  return difference == 0;
}

Authenticator::Authenticator(std::vector<User> users, PasswordVerifier verify)
    : users_(std::move(users)), verify_(verify), wrong_passwords_(kWrongPasswordsPerSecond, kWrongPasswordsBurst) {}

Result<const User*> Authenticator::Authenticate(const Credential& credential) {
  if (!credential.token.empty()) {
    const User* const user = FindByToken(credential.token);
    if (user == nullptr) return NobodysCredential();
    return user;
  }
  if (!credential.user.empty()) return CheckPassword(credential);
  return NobodysCredential();
}

const User* Authenticator::FindByToken(const std::string& token) const {
  const User* found = nullptr;
  for (const User& user : users_) {  // all of them, so that the time does not tell which one came close
    for (const std::string& candidate : user.tokens) {
      if (EqualInConstantTime(token, candidate)) found = &user;
    }
  }
  return found;
}

Result<const User*> Authenticator::CheckPassword(const Credential& credential) {
  const User* user = nullptr;
  for (const User& candidate : users_) {
    if (candidate.id == credential.user && !candidate.password_hash.empty()) user = &candidate;
  }
  if (user != nullptr) {
    MutexLock lock(mutex_);
    const auto right = right_passwords_.find(user);
    if (right != right_passwords_.end() && EqualInConstantTime(credential.password, right->second)) return user;
  }
  OCHRE_RETURN_IF_ERROR(wrong_passwords_.Take(""));
  // An unknown user costs the same as a wrong password, so that the time does not tell who exists: any hash will do.
  const std::string* hash = user != nullptr ? &user->password_hash : nullptr;
  for (const User& candidate : users_) {
    if (hash == nullptr && !candidate.password_hash.empty()) hash = &candidate.password_hash;
  }
  const bool right = hash != nullptr && verify_(credential.password, *hash);
  if (user == nullptr || !right) return NobodysCredential();
  MutexLock lock(mutex_);
  right_passwords_[user] = credential.password;
  return user;
}

}  // namespace ochre
