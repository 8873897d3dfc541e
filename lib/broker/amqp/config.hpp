#pragma once
// How a `type: amqp` section is read into amqp::Settings.

#include <string_view>

#include "base/result.hpp"
#include "broker/amqp/settings.hpp"
#include "config/load.hpp"

namespace mombridge::amqp {

config::KindReader reader();

/// BrokerKind::needs.
std::string needs(const config::BrokerSection& section);

/// BrokerKind::client_settings: replies come to a private queue.
std::shared_ptr<config::BrokerSettings> client_settings(const config::BrokerSettings& settings,
                                                        const config::ClientOptions& client);

/// Of amqps:// where the URL names no port.
inline constexpr const char* kTlsPort = "5671";

struct ParsedUrl {
  Endpoint endpoint;
  bool tls = false;       ///< amqps://
  bool user = false;      ///< the URL names a user
  bool password = false;  ///< and a password
};

/// `amqp://user:password@host:port/vhost`, percent-decoded; an IPv6 address in brackets. Errors name neither user nor
/// password. Source: rabbitmq.com/docs/uri-spec, but for a bare trailing "/": here it means the vhost "/".
Result<ParsedUrl> parse_url(std::string_view url);

}  // namespace mombridge::amqp
