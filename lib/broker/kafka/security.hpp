#pragma once
// `tls:` and `sasl:` of a `type: kafka` section, read by security_keys.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/live_secret.hpp"
#include "config/tls.hpp"

namespace mombridge::kafka {

enum class Mechanism : uint8_t { plain, scram_sha_256, scram_sha_512, gssapi, oauthbearer };

/// As in the file, in librdkafka's configuration and between client and broker.
constexpr std::string_view to_string(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::plain:
      return "PLAIN";
    case Mechanism::scram_sha_256:
      return "SCRAM-SHA-256";
    case Mechanism::scram_sha_512:
      return "SCRAM-SHA-512";
    case Mechanism::gssapi:
      return "GSSAPI";
    case Mechanism::oauthbearer:
      return "OAUTHBEARER";
  }
  return "";
}

/// With a user name and a password.
constexpr bool takes_password(Mechanism mechanism) {
  return mechanism != Mechanism::gssapi && mechanism != Mechanism::oauthbearer;
}

struct Sasl {
  Mechanism mechanism = Mechanism::scram_sha_512;
  std::string username;         ///< where the mechanism takes a password
  config::LiveSecret password;  ///< the same
  std::string service_name;     ///< of GSSAPI: the brokers' name for themselves; empty: "kafka"
  std::string principal;        ///< of GSSAPI: whom the key table is for; empty: librdkafka's default
  std::string keytab;           ///< of GSSAPI: absolute path of the key table; empty: the ticket cache is used as it is
};

struct Security {
  std::optional<config::TlsSettings> tls;  ///< absent: plain connections, where `librdkafka:` does not say otherwise
  std::optional<Sasl> sasl;                ///< absent: no login, where `librdkafka:` does not say otherwise

  [[nodiscard]] bool any() const { return tls || sasl; }
};

/// librdkafka's `security.protocol`.
constexpr std::string_view protocol_of(const Security& security) {
  if (security.sasl) return security.tls ? "sasl_ssl" : "sasl_plaintext";
  return security.tls ? "ssl" : "plaintext";
}

}  // namespace mombridge::kafka
