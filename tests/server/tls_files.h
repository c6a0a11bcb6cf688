// TlsFiles: a key and a certificate that it signed itself, for a server on loopback.
#ifndef OCHRE_TESTS_SERVER_TLS_FILES_H_
#define OCHRE_TESTS_SERVER_TLS_FILES_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace ochre {

class TlsFiles {
 public:
  // Written to `folder`, which exists.
  TlsFiles(const std::filesystem::path& folder, const std::string& name)
      : certificate_((folder / (name + ".crt")).string()), key_((folder / (name + ".key")).string()) {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3'600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen(certificate_.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  const std::string& certificate() const { return certificate_; }
  const std::string& key() const { return key_; }

 private:
  const std::string certificate_, key_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SERVER_TLS_FILES_H_
