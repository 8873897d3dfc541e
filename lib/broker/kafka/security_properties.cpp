#include "broker/kafka/security_properties.hpp"

#include <string>

#include "base/log.hpp"
#include "tls/certificates.hpp"

namespace mombridge::kafka {

namespace {

// librdkafka cannot be told which versions of TLS it may speak. But this is a list of ciphers of TLS 1.2 and before,
// of which none can be used without a shared key: what is left are those of TLS 1.3, which have a list of their own.
constexpr auto kNoCiphersBeforeTls13 = "PSK";

Secret read(const config::LiveSecret& secret, const char* what) {
  auto now = secret.read();
  if (!now.warning.empty()) log::warn("a secret could not be read", {{"secret", what}, {"reason", now.warning}});
  return now.value;
}

// librdkafka says of a file that it cannot use neither which one nor why.
Result<> check_files(const config::TlsSettings& tls, const Secret& key_password) {
  if (!tls.ca.empty())
    if (auto ca = tls::read_certificates(tls.ca); !ca) return fail(ca.error());
  if (tls.certificate.empty()) return {};
  return tls::check_pair(tls.certificate, tls.key, key_password);
}

Result<> add_tls(const config::TlsSettings& tls, std::vector<Property>& all) {
  auto key_password = read(tls.key_password, "tls.key_password");
  if (auto usable = check_files(tls, key_password); !usable) return usable;
  if (!tls.ca.empty()) all.push_back({"ssl.ca.location", tls.ca});
  if (!tls.certificate.empty()) {
    all.push_back({"ssl.certificate.location", tls.certificate});
    all.push_back({"ssl.key.location", tls.key});
  }
  if (!key_password.empty()) all.push_back({"ssl.key.password", key_password.reveal()});
  if (tls.min_version == config::TlsSettings::Version::v1_3)
    all.push_back({"ssl.cipher.suites", kNoCiphersBeforeTls13});
  return {};
}

void add_kerberos(const Sasl& sasl, std::vector<Property>& all) {
  if (!sasl.service_name.empty()) all.push_back({"sasl.kerberos.service.name", sasl.service_name});
  if (!sasl.principal.empty()) all.push_back({"sasl.kerberos.principal", sasl.principal});
  // Zero: no kinit, which needs a key table.
  if (sasl.keytab.empty())
    all.push_back({"sasl.kerberos.min.time.before.relogin", "0"});
  else
    all.push_back({"sasl.kerberos.keytab", sasl.keytab});
}

void add_sasl(const Sasl& sasl, std::vector<Property>& all) {
  all.push_back({"sasl.mechanism", std::string(to_string(sasl.mechanism))});
  if (takes_password(sasl.mechanism)) {
    all.push_back({"sasl.username", sasl.username});
    all.push_back({"sasl.password", read(sasl.password, "sasl.password").reveal()});
  }
  if (sasl.mechanism == Mechanism::gssapi) add_kerberos(sasl, all);
}

}  // namespace

Result<std::vector<Property>> security_properties(const Security& security) {
  std::vector<Property> all;
  if (!security.any()) return all;
  all.push_back({"security.protocol", std::string(protocol_of(security))});
  if (security.tls)
    if (auto added = add_tls(*security.tls, all); !added) return fail(added.error());
  if (security.sasl) add_sasl(*security.sasl, all);
  return all;
}

}  // namespace mombridge::kafka
