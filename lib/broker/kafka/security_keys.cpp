#include "broker/kafka/security_keys.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "config/text.hpp"
#include "token/config.hpp"

namespace mombridge::kafka {

namespace {

using config::Section;

/// A key of `librdkafka:` that means the same as one of ours.
struct Same {
  std::string_view librdkafka;
  const char *map, *key;
};

constexpr Same kSame[] = {
    {"ssl.ca.location", "tls", "ca"},
    {"ssl.ca.pem", "tls", "ca"},
    {"ssl.certificate.location", "tls", "cert"},
    {"ssl.certificate.pem", "tls", "cert"},
    {"ssl.keystore.location", "tls", "cert"},
    {"ssl.keystore.password", "tls", "cert"},
    {"ssl.key.location", "tls", "key"},
    {"ssl.key.pem", "tls", "key"},
    {"ssl.key.password", "tls", "key"},
    {"ssl.cipher.suites", "tls", "min_version"},
    {"sasl.mechanism", "sasl", "mechanism"},
    {"sasl.mechanisms", "sasl", "mechanism"},
    {"sasl.username", "sasl", "username"},
    {"sasl.password", "sasl", "password"},
    {"sasl.kerberos.service.name", "sasl", "service_name"},
    {"sasl.kerberos.principal", "sasl", "principal"},
    {"sasl.kerberos.keytab", "sasl", "keytab"},
};

constexpr auto kPasswordHint = "password: ${file:/run/secrets/kafka}";

// Returns true if it is known. Of an unknown one nothing else is looked at, because that depends on it.
bool read_mechanism(Section& sasl, Sasl& into) {
  if (!sasl.require("mechanism", "mechanism: SCRAM-SHA-512")) return false;
  auto name = sasl.scalar("mechanism");
  if (name && name->known && name->value == "EXTERNAL") {
    sasl.error("mechanism", "Kafka has no EXTERNAL: a client certificate is a login by itself",
               "tls: {cert: client.pem, key: client.key}, and no sasl:");
    return false;
  }
  return sasl.choice("mechanism", into.mechanism,
                     {{to_string(Mechanism::plain), Mechanism::plain},
                      {to_string(Mechanism::scram_sha_256), Mechanism::scram_sha_256},
                      {to_string(Mechanism::scram_sha_512), Mechanism::scram_sha_512},
                      {to_string(Mechanism::gssapi), Mechanism::gssapi},
                      {to_string(Mechanism::oauthbearer), Mechanism::oauthbearer}});
}

void read_password(Section& sasl, bool environment, Sasl& into) {
  std::string name(to_string(into.mechanism));
  if (!takes_password(into.mechanism)) {
    for (auto* key : {"username", "password"}) sasl.refuse(key, name + " takes none", "leave it out");
    return;
  }
  if (sasl.require("username", "username: bridge") && sasl.string("username", into.username) && into.username.empty())
    sasl.error("username", "an empty name", "username: bridge");
  if (sasl.require("password", kPasswordHint) && sasl.secret("password", into.password) && environment &&
      into.password.empty())
    sasl.error("password", "an empty password", kPasswordHint);
}

// librdkafka writes both into a command line for a shell.
bool fits_command(std::string_view text, std::string_view signs) {
  return std::ranges::all_of(text,
                             [&](char c) { return letter_or_digit(c) || signs.find(c) != std::string_view::npos; });
}

void read_kerberos(Section& sasl, Sasl& into) {
  if (into.mechanism != Mechanism::gssapi) {
    for (auto* key : {"service_name", "principal", "keytab"})
      sasl.refuse(key, "only with mechanism: GSSAPI", "leave it out");
    return;
  }
  sasl.string("service_name", into.service_name);
  if (sasl.string("principal", into.principal) && !fits_command(into.principal, "/@._-"))
    sasl.error("principal", "not the name of a principal", "bridge/host.example@REALM");
  auto keytab = sasl.scalar("keytab");
  if (!keytab || !keytab->known) return;
  std::error_code error;
  into.keytab = std::filesystem::absolute(std::filesystem::path(keytab->mark.file).parent_path() / keytab->value, error)
                    .lexically_normal()
                    .string();
  if (keytab->value.empty() || !fits_command(into.keytab, "/._-+, "))
    sasl.error("keytab", config::in_quotes(keytab->shown) + " cannot be the path of a key table",
               "letters, digits and /._-+, alone");
}

void read_sasl(Section& section, bool environment, Settings& settings) {
  auto sasl = section.section("sasl");
  if (!sasl) return;
  auto& into = settings.security.sasl.emplace();
  sasl->elsewhere({"user", "login"}, "username: bridge");
  sasl->elsewhere({"mechanisms"}, "mechanism: SCRAM-SHA-512");
  if (!read_mechanism(*sasl, into)) return sasl->ignore_rest();
  read_password(*sasl, environment, into);
  read_kerberos(*sasl, into);
  if (into.mechanism == Mechanism::oauthbearer && !section.has("token"))
    sasl->error("mechanism", "OAUTHBEARER needs token:", "token: {file: /run/secrets/token} beside sasl:");
}

void read_token(Section& section, bool environment, Settings& settings) {
  settings.token = token::read_settings(section, environment);
  auto& sasl = settings.security.sasl;
  if (section.has("token") && (!sasl || sasl->mechanism != Mechanism::oauthbearer))
    section.error("token", "a token is for the mechanism OAUTHBEARER", "sasl: {mechanism: OAUTHBEARER}");
}

void read_tls(Section& section, bool environment, Settings& settings) {
  auto tls = section.section("tls");
  if (!tls) return;
  config::read_tls(*tls, environment, settings.security.tls.emplace());
  if (tls->has("server_name"))
    tls->error("server_name", "the certificate of a Kafka broker has the name under which the cluster advertises it",
               "leave it out; advertised.listeners of the brokers must name what is in their certificates");
}

const LibrdkafkaKey* find_key(const Settings& settings, std::string_view name) {
  auto found = std::ranges::find(settings.librdkafka, name, &LibrdkafkaKey::name);
  return found == settings.librdkafka.end() ? nullptr : &*found;
}

void report(Section& section, const LibrdkafkaKey& key, const std::string& what, const std::string& hint) {
  section.diagnostics().error(key.mark, section.path("librdkafka") + "." + key.name, what, hint);
}

// Keys of librdkafka's that say what our maps say, and those of the part for which there is no map: a `tls:` alone
// means that there is no login, a `sasl:` alone that there is no TLS.
void check_same(Section& section, const LibrdkafkaKey& key, const Settings& settings) {
  auto& security = settings.security;
  if (key.name.starts_with("sasl.") && !security.sasl)
    return report(section, key, "beside tls:, a login is written as sasl:", "sasl: {mechanism: ..., ...}");
  if (key.name.starts_with("ssl.") && !security.tls)
    return report(section, key, "beside sasl:, TLS is written as tls:", "tls: {ca: ca.pem}; tls: {} is enough");
  if (settings.token && key.name.starts_with("sasl.oauthbearer."))
    return report(section, key, "beside token:, which says the same", "leave it out");
  auto same = std::ranges::find(kSame, key.name, &Same::librdkafka);
  if (same == std::end(kSame)) return;
  auto* node = section.node(same->map);
  if (node && node->kind == config::Node::Kind::map && node->find(same->key))
    report(section, key, std::string("beside ") + same->map + ": {" + same->key + "}, which says the same",
           "leave it out");
}

void check_protocol(Section& section, const Settings& settings) {
  auto* key = find_key(settings, "security.protocol");
  if (!key || key->value.find("${") != std::string::npos) return;
  auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  if (std::ranges::equal(key->value, protocol_of(settings.security), same)) return;
  report(section, *key, "contradicts tls: and sasl:, which make it " + std::string(protocol_of(settings.security)),
         "leave it out");
}

// Whoever names the certificate's CA needs no switch.
void check_verification(Section& section, const Settings& settings) {
  auto* key = find_key(settings, "ssl.endpoint.identification.algorithm");
  if (key && (key->value == "none" || key->value == "NONE"))
    report(section, *key, "there is no switch for verification, which is always on",
           "leave it out; the certificate must have the name under which the broker is advertised");
}

// The address is that of this machine where nobody can listen.
bool local(const std::string& address) { return address.starts_with("127."); }

void warn_of_clear_text(Section& section, const Settings& settings) {
  auto& [tls, sasl] = settings.security;
  if (tls || !sasl || sasl->mechanism != Mechanism::plain || std::ranges::all_of(settings.addresses, local)) return;
  section.diagnostics().warning(section.mark("sasl"), section.path("sasl"),
                                "without tls:, the password crosses the network as it is",
                                "tls: {}, or mechanism: SCRAM-SHA-512");
}

}  // namespace

void read_security(Section& section, const config::KindContext& context, Settings& settings) {
  read_tls(section, context.environment, settings);
  read_sasl(section, context.environment, settings);
  read_token(section, context.environment, settings);
  check_verification(section, settings);
  if (!settings.security.any()) return;
  check_protocol(section, settings);
  for (auto& key : settings.librdkafka) check_same(section, key, settings);
  warn_of_clear_text(section, settings);
}

}  // namespace mombridge::kafka
