#include "broker/kafka/login.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/text.hpp"

namespace mombridge::kafka {

namespace {

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// The last key of the file that has one of the names, as librdkafka takes it.
std::string value_of(const Settings& settings, std::initializer_list<std::string_view> names) {
  std::string value;
  for (auto& key : settings.librdkafka)
    if (std::ranges::find(names, key.name) != names.end()) value = key.value;
  return value;
}

}  // namespace

Login::Login(const Settings& settings) {
  auto& ours = settings.security;
  auto protocol = ours.any() ? std::string(protocol_of(ours)) : lower(value_of(settings, {"security.protocol"}));
  tls = protocol.ends_with("ssl");
  sasl = protocol.starts_with("sasl_");
  ca = ours.tls && !ours.tls->ca.empty() ? ours.tls->ca : value_of(settings, {"ssl.ca.location"});
  certificate = ours.tls && !ours.tls->certificate.empty() ? ours.tls->certificate
                                                           : value_of(settings, {"ssl.certificate.location"});
  tls_1_3 = ours.tls && ours.tls->min_version == config::TlsSettings::Version::v1_3;
  if (!sasl) return;
  mechanism = ours.sasl ? std::string(to_string(ours.sasl->mechanism))
                        : value_of(settings, {"sasl.mechanism", "sasl.mechanisms"});
  if (mechanism.empty()) mechanism = to_string(Mechanism::gssapi);  // librdkafka's default
  username = ours.sasl ? ours.sasl->username : value_of(settings, {"sasl.username"});
}

std::string Login::principal() const { return "User:" + (username.empty() ? "..." : printable(username, 256)); }

}  // namespace mombridge::kafka
