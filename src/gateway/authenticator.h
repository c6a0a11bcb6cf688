// Authenticator: finds the user whom a credential belongs to.
#ifndef OCHRE_GATEWAY_AUTHENTICATOR_H_
#define OCHRE_GATEWAY_AUTHENTICATOR_H_

#include <map>
#include <string>
#include <vector>

#include "gateway/authorization.h"
#include "gateway/rate_limiter.h"
#include "ochre/status.h"
#include "runtime/mutex.h"

namespace ochre {

// What a caller presents: a token, or a name and a password. Empty: nothing.
struct Credential {
  std::string token = {};
  std::string user = {};
  std::string password = {};
};

// Thread-safe.
class Authenticator {
 public:
  // Whether `password` is the one that `hash` was made from. Slow on purpose; thread-safe.
  using PasswordVerifier = bool (*)(const std::string& password, const std::string& hash);

  Authenticator(std::vector<User> users, PasswordVerifier verify);

  // Unauthenticated: nobody's credential, whatever the reason. ResourceExhausted: too many wrong passwords of late,
  // whose checking would cost more than the requests that are served. Tokens are compared in a time that does not
  // depend on how much of them is right. The user lives as long as this.
  Result<const User*> Authenticate(const Credential& credential);

 private:
  const User* FindByToken(const std::string& token) const;
  Result<const User*> CheckPassword(const Credential& credential);

  const std::vector<User> users_;
  const PasswordVerifier verify_;
  RateLimiter wrong_passwords_;

  Mutex mutex_;  // held to look up or insert
  // The password that was last found right, by user: checking its hash at each request would take longer than serving
  // it. The process has it in memory anyway, in each request that carries it.
  std::map<const User*, std::string> right_passwords_ OCHRE_GUARDED_BY(mutex_);
};

// Whether they are equal, in a time that depends on the length of `given` alone.
bool EqualInConstantTime(const std::string& given, const std::string& secret);

}  // namespace ochre

#endif  // OCHRE_GATEWAY_AUTHENTICATOR_H_
