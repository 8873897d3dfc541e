#include "broker/amqp/config.hpp"

#include <algorithm>

#include "broker/amqp/queue_lifetime.hpp"
#include "broker/amqp/subscriptions.hpp"
#include "config/broker_keys.hpp"
#include "message/short_string.hpp"
#include "token/config.hpp"

namespace mombridge::amqp {

namespace {

using config::Scalar;
using config::Section;

/// What the urls of a section have in common.
struct Access {
  bool password = false;      ///< the key is there
  config::LiveSecret secret;  ///< its value
  bool token = false;         ///< there is a token instead
  Mechanism mechanism = Mechanism::plain;
  std::shared_ptr<const config::TlsSettings> tls;  ///< of an amqps:// url
};

void read_user(const Scalar& url, const ParsedUrl& parsed, const Access& access, Section& section, Endpoint& into) {
  if (access.mechanism == Mechanism::external) {
    if (!parsed.tls) return section.diagnostics().error(url.mark, url.path, "sasl: EXTERNAL needs TLS", "amqps://");
    if (!parsed.user) into.user.clear();
    if (parsed.password)
      section.diagnostics().error(url.mark, url.path, "a password, which sasl: EXTERNAL has no use for",
                                  "leave it out");
  } else if (access.token) {
    if (!parsed.user) into.user.clear();
    if (parsed.password)
      section.diagnostics().error(url.mark, url.path, "a password beside token:, which takes its place",
                                  "leave it out");
  } else if (access.password) {
    into.password = access.secret;
  } else if (parsed.user && !parsed.password && into.user != "guest") {
    section.diagnostics().error(
        url.mark, url.path, "a user without a password",
        "password: ${file:/run/secrets/" + section.path().substr(section.path().find('.') + 1) + "}");
  }
}

void read_url(const Scalar& url, const Access& access, Section& section, Settings& settings) {
  if (!url.known) return;
  auto parsed = parse_url(url.value);
  if (!parsed)
    return section.diagnostics().error(url.mark, url.path, parsed.error().text, "amqp://user@host:5672/vhost");
  auto& endpoint = parsed->endpoint;
  read_user(url, *parsed, access, section, endpoint);
  if (parsed->tls) endpoint.tls = access.tls;
  // The two usual ports of a host are one broker's.
  auto port = parsed->tls && endpoint.port == kTlsPort ? Endpoint().port : endpoint.port;
  settings.addresses.push_back(config::address(endpoint.host, port) + "/" + endpoint.vhost);
  settings.endpoints.push_back(std::move(endpoint));
}

std::shared_ptr<const config::TlsSettings> read_tls(Section& section, bool environment) {
  auto settings = std::make_shared<config::TlsSettings>();
  if (auto tls = section.section("tls")) config::read_tls(*tls, environment, *settings);
  return settings;
}

void read_sasl(Section& section, Access& access) {
  auto sasl = section.section("sasl");
  if (!sasl) return;
  sasl->elsewhere({"username", "user"}, "the user stands in the url: amqps://user@host");
  sasl->elsewhere({"password"}, "password: stands beside url:");
  if (!sasl->require("mechanism", "PLAIN or EXTERNAL")) return;
  bool known =
      sasl->choice("mechanism", access.mechanism, {{"PLAIN", Mechanism::plain}, {"EXTERNAL", Mechanism::external}});
  if (!known || access.mechanism != Mechanism::external) return;
  if (access.token) section.error("token", "sasl: EXTERNAL has no use for it", "leave it out");
  if (access.tls->certificate.empty())
    sasl->error("mechanism", "EXTERNAL needs a client certificate", "tls: {cert: client.pem, key: client.key}");
  if (access.password) section.error("password", "sasl: EXTERNAL has no use for it", "leave it out");
}

void read_endpoints(Section& section, bool environment, Settings& settings) {
  Access access;
  access.password = section.secret("password", access.secret);
  access.tls = read_tls(section, environment);
  settings.token = token::read_settings(section, environment);
  access.token = section.has("token");
  if (access.token && access.password)
    section.error("password", "beside token:, which takes its place", "leave one of them out");
  read_sasl(section, access);
  settings.mechanism = access.mechanism;
  if (!section.require("url", "url: amqp://localhost")) return;
  auto urls = section.strings("url");
  for (auto& url : urls) read_url(url, access, section, settings);
  if (auto* node = section.node("url"); node->kind == config::Node::Kind::list && node->items.empty())
    section.error("url", "an empty list", "at least one amqp:// URL");
  bool all_read = settings.endpoints.size() == urls.size();
  bool any_tls = std::ranges::any_of(settings.endpoints, [](auto& endpoint) { return endpoint.tls != nullptr; });
  if (section.has("tls") && all_read && !any_tls)
    section.error("tls", "no url asks for TLS", "amqps://, whose port is 5671 by default");
}

// What the bridge puts back into a queue is known by its user, whom only the broker knows here.
void warn_of_unknown_user(Section& section, const Settings& settings) {
  if (settings.subscriptions.empty() || settings.endpoints.empty() || !settings.endpoints.front().user.empty()) return;
  section.diagnostics().warning(section.mark("url"), section.path("url"),
                                "without a user's name the bridge does not know its own messages again that it put "
                                "back into a quorum queue",
                                std::string("amqps://USER@host, with the name that RabbitMQ takes from the ") +
                                    (settings.token ? "token (its sub or client_id)" : "certificate"));
}

void read_limits(Section& section, const config::KindContext& context, Settings& settings) {
  config::read_reconnect(section, settings.reconnect_delay, settings.reconnect_delay_max);
  // The protocol counts whole seconds in 16 bits.
  if (section.duration("heartbeat", settings.heartbeat, Duration(0), 65535s) && settings.heartbeat % 1s != Duration(0))
    section.error("heartbeat", "not in whole seconds", "AMQP counts it so");
  section.duration("connect_timeout", settings.connect_timeout, 1ms);
  section.integer("prefetch_count", settings.prefetch_count, 1);
  config::read_prefetch_size(section, context, settings.prefetch_size);
  if (section.duration("give_back_after", settings.give_back_after) && settings.give_back_after > Duration(0) &&
      settings.give_back_after < 1s)
    section.error("give_back_after", "less than 1 s", "0 keeps the messages");
  section.size("max_message_size", settings.max_message_size);
}

std::shared_ptr<config::BrokerSettings> read(Section& section, const config::KindContext& context) {
  auto settings = std::make_shared<Settings>();
  config::read_broker_keys(section, context, *settings);
  read_endpoints(section, context.environment, *settings);
  read_limits(section, context, *settings);
  short_string(section, "exchange", settings->publishes.exchange);
  short_string(section, "reply_exchange", settings->replies.exchange);
  settings->direct_replies.exchange = settings->replies.exchange;
  section.elsewhere({"queue", "routing_key", "declare", "bind", "arguments", "target_from"},
                    "it belongs to an entry of subscribe:");
  for (auto& subscription : section.sections("subscribe")) read_subscription(subscription, *settings);
  if (config::read_accept_replies(section, context, "reply_queue", *settings))
    subscribe_replies(section, context.reply_keys, *settings);
  warn_of_unknown_user(section, *settings);
  return settings;
}

// Dead letters go through the default exchange, where a queue's name is enough, unless they name another.
std::shared_ptr<const mombridge::PublishOptions> read_options(Section& destination, config::Use use,
                                                              const config::BrokerSettings& settings) {
  bool dead_letter = use == config::Use::dead_letter;
  auto options = std::make_shared<PublishOptions>(
      dead_letter ? std::string() : static_cast<const Settings&>(settings).publishes.exchange);
  if (auto exchange = destination.scalar("exchange")) {
    options->exchange = exchange->value;
    options->named = true;
  }
  options->mandatory = config::read_mandatory(destination, use);
  config::refuse_timestamp(destination, kTraits);
  return options;
}

}  // namespace

std::shared_ptr<config::BrokerSettings> client_settings(const config::BrokerSettings& settings,
                                                        const config::ClientOptions& client) {
  auto made = std::make_shared<Settings>(static_cast<const Settings&>(settings));
  made->subscriptions.clear();
  made->declares.clear();
  if (client.exchange) made->publishes.exchange = *client.exchange;
  if (client.reply_to.empty()) return made;
  made->reply_address = client.reply_to + "." + client.id;
  auto& queue = made->subscriptions.emplace_back();
  queue.source = queue.queue = made->reply_address;
  queue.targets = {"#"};
  queue.replies = true;
  queue.declare = private_queue();
  return made;
}

// A connection that publishes, and one for each subscription, whose reading can stop alone.
std::string needs(const config::BrokerSection& section) {
  auto count = 1 + section.settings->subscription_count();
  return std::to_string(count) + (count == 1 ? " AMQP connection to " : " AMQP connections to ") + section.name;
}

config::KindReader reader() { return {&kTraits, read, subscribe_route, read_options, read_own_declaration}; }

}  // namespace mombridge::amqp
