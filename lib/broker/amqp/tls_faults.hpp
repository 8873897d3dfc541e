#pragma once
// Why TLS failed, in words: what is wrong, whose file it is about, and what to do.

#include <string>
#include <utility>

#include <openssl/x509.h>

#include "config/tls.hpp"

namespace mombridge::amqp {

/// One for each connection. Belongs to the loop's thread.
class TlsFaults {
 public:
  /// `name`: the name or IP address that the peer's certificate must have. `settings` outlives this.
  TlsFaults(const config::TlsSettings& settings, std::string name) : settings_(settings), name_(std::move(name)) {}

  /// The peer's chain was not accepted: remembers why. Only the first reason counts.
  void verification_failed(X509_STORE_CTX* store);
  /// What the last call of OpenSSL's failed for, one line. Empties OpenSSL's list of errors.
  [[nodiscard]] std::string explain() const;

 private:
  [[nodiscard]] std::string alert(int number) const;
  [[nodiscard]] std::string about_our_certificate(int alert) const;
  [[nodiscard]] std::string about_versions() const;

  const config::TlsSettings& settings_;
  const std::string name_;
  std::string verification_;
};

}  // namespace mombridge::amqp
