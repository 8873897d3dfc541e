#include "broker/amqp/config.hpp"

#include "broker/amqp/queue_lifetime.hpp"
#include "broker/amqp/subscriptions.hpp"
#include "config/broker_keys.hpp"
#include "message/short_string.hpp"

namespace mombridge::amqp {

namespace {

using config::Scalar;
using config::Section;

void read_url(const Scalar& url, const std::optional<Scalar>& password, Section& section, Settings& settings) {
  if (!url.known) return;
  auto& diagnostics = section.diagnostics();
  auto parsed = parse_url(url.value);
  if (!parsed) return diagnostics.error(url.mark, url.path, parsed.error().text, "amqp://user@host:5672/vhost");
  if (parsed->tls) return diagnostics.error(url.mark, url.path, "amqps:// is not supported yet", "use amqp://");
  if (password) {
    parsed->endpoint.password = Secret(password->value);
  } else if (parsed->user && !parsed->password && parsed->endpoint.user != "guest") {
    diagnostics.error(url.mark, url.path, "a user without a password",
                      "password: ${file:/run/secrets/" + section.path().substr(section.path().find('.') + 1) + "}");
  }
  settings.addresses.push_back(config::address(parsed->endpoint.host, parsed->endpoint.port) + "/" +
                               parsed->endpoint.vhost);
  settings.endpoints.push_back(std::move(parsed->endpoint));
}

void read_endpoints(Section& section, Settings& settings) {
  auto password = section.scalar("password");
  if (!section.require("url", "url: amqp://localhost")) return;
  auto urls = section.strings("url");
  for (auto& url : urls) read_url(url, password, section, settings);
  if (auto* node = section.node("url"); node->kind == config::Node::Kind::list && node->items.empty())
    section.error("url", "an empty list", "at least one amqp:// URL");
}

void read_limits(Section& section, Settings& settings) {
  config::read_reconnect(section, settings.reconnect_delay, settings.reconnect_delay_max);
  // The protocol counts whole seconds in 16 bits.
  if (section.duration("heartbeat", settings.heartbeat, Duration(0), 65535s) && settings.heartbeat % 1s != Duration(0))
    section.error("heartbeat", "not in whole seconds", "AMQP counts it so");
  section.duration("connect_timeout", settings.connect_timeout, 1ms);
  section.integer("prefetch_count", settings.prefetch_count, 1);
  section.size("prefetch_size", settings.prefetch_size, 1);
  if (section.duration("give_back_after", settings.give_back_after) && settings.give_back_after > Duration(0) &&
      settings.give_back_after < 1s)
    section.error("give_back_after", "less than 1 s", "0 keeps the messages");
  section.size("max_message_size", settings.max_message_size);
}

std::shared_ptr<config::BrokerSettings> read(Section& section, const config::KindContext& context) {
  auto settings = std::make_shared<Settings>();
  config::read_broker_keys(section, context, *settings);
  read_endpoints(section, *settings);
  read_limits(section, *settings);
  short_string(section, "exchange", settings->publishes.exchange);
  short_string(section, "reply_exchange", settings->replies.exchange);
  settings->direct_replies.exchange = settings->replies.exchange;
  section.unsupported("tls");
  section.elsewhere({"queue", "routing_key", "declare", "bind", "arguments", "target_from"},
                    "it belongs to an entry of subscribe:");
  for (auto& subscription : section.sections("subscribe")) read_subscription(subscription, *settings);
  if (config::read_accept_replies(section, context, "reply_queue", *settings))
    subscribe_replies(section, context.reply_keys, *settings);
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
