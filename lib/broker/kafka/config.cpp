#include "broker/kafka/config.hpp"

#include <algorithm>

#include "broker/kafka/librdkafka_keys.hpp"
#include "broker/kafka/security_keys.hpp"
#include "broker/kafka/topic_name.hpp"
#include "config/broker_keys.hpp"
#include "config/text.hpp"

namespace mombridge::kafka {

namespace {

using config::Scalar;
using config::Section;

void check_topic(const Scalar& topic, config::Diagnostics& diagnostics) {
  if (!topic.known || topic.value.starts_with('^')) return;
  if (!valid_topic(topic.value))
    diagnostics.error(topic.mark, topic.path, config::in_quotes(topic.shown) + " is not the name of a topic",
                      "letters, digits, '.', '_' and '-', up to 249; a regular expression begins with ^");
}

std::optional<Expression> read_expression(const Scalar& topic, config::Diagnostics& diagnostics) {
  if (!topic.known || !topic.value.starts_with('^')) return std::nullopt;
  auto expression = Expression::compile(topic.value);
  if (expression) return *expression;
  diagnostics.error(topic.mark, topic.path, "not a regular expression: " + expression.error().text);
  return std::nullopt;
}

void read_topic(Section& section, Subscription& s) {
  if (auto topic = section.scalar("topic")) {
    check_topic(*topic, section.diagnostics());
    s.source = s.topic = topic->value;
    s.expression = read_expression(*topic, section.diagnostics());
    s.targets = {topic->value.starts_with('^') || !topic->known ? "#" : topic->value};
  }
  section.choice("start", s.start, {{"earliest", Start::earliest}, {"latest", Start::latest}});
  section.choice(
      "on_offset_lost", s.on_offset_lost,
      {{"stop", OnOffsetLost::stop}, {"earliest", OnOffsetLost::earliest}, {"latest", OnOffsetLost::latest}});
  config::read_target_from(section, s);
  config::read_restore(section, s);
  section.unsupported("declare");
  section.refuse("queue", "beside topic:", "a kafka broker has topics");
}

/// Null: nobody subscribes to its topic yet.
const Subscription* same_topic(const Settings& settings, const Subscription& other) {
  auto found = std::ranges::find(settings.subscriptions, other.topic, &Subscription::topic);
  return found == settings.subscriptions.end() ? nullptr : &*found;
}

void say_where_broker_keys_belong(Section& subscription) {
  subscription.elsewhere(
      {"bootstrap_servers", "group_id", "appname", "reconnect_delay", "reconnect_delay_max", "prefetch_count",
       "prefetch_size", "allow_reply_to", "accept_replies", "reply_topic", "tls", "sasl", "token", "librdkafka"},
      "it belongs to the broker: a key of brokers.NAME, for all of its subscriptions");
}

void read_subscription(Section& section, Settings& settings) {
  say_where_broker_keys_belong(section);
  Subscription entry;
  entry.mark = section.mark();
  if (!section.has("topic")) {
    if (!section.refuse("queue", "a kafka broker has topics, not queues", "topic:"))
      section.require("topic", "topic: NAME, or ^ and a regular expression");
    return section.ignore_rest();
  }
  read_topic(section, entry);
  if (auto* first = same_topic(settings, entry))
    return section.error("topic", "subscribed twice", "first at " + config::place(first->mark));
  settings.subscriptions.push_back(std::move(entry));
}

void subscribe_replies(Section& section, bool keys, Settings& settings) {
  if (!keys)
    section.error("accept_replies",
                  "needs keys: every replica reads the reply topic, and must be able to open what another sealed",
                  "replies: {keys: [{id: k1, secret: \"${file:/run/secrets/reply-key}\"}]}");
  if (auto topic = section.scalar("reply_topic")) {
    if (!topic->value.empty()) check_topic(*topic, section.diagnostics());
    if (topic->value.starts_with('^')) section.error("reply_topic", "a regular expression", "the name of one topic");
  }
  Subscription entry;
  entry.mark = section.mark("accept_replies");
  entry.source = entry.topic = settings.reply_address;
  entry.targets = {settings.reply_address};
  entry.replies = true;
  entry.on_offset_lost = OnOffsetLost::earliest;  // of the replies that are lost, no requester waits any longer
  if (auto* first = same_topic(settings, entry))
    return section.diagnostics().error(first->mark, section.path("subscribe"), "the bridge's own reply topic",
                                       "it is subscribed to by itself; name another, or another reply_topic");
  settings.subscriptions.push_back(std::move(entry));
}

// What librdkafka hides from the expressions it hides from a name as well (hidden_topics()).
void check_brokers_own(Section& section, const std::string& key, const Settings& settings) {
  auto& all = settings.subscriptions;
  auto named = std::ranges::find_if(all, [](auto& s) { return s.topic.starts_with(kBrokersOwn); });
  if (named == all.end() || std::ranges::none_of(all, [](auto& s) { return s.topic.starts_with('^'); })) return;
  section.error(
      key,
      config::in_quotes(named->topic) + " beside a regular expression, which must not take what Kafka keeps for itself",
      "a section of its own under brokers:, with another group_id");
}

// `host:port`, which librdkafka takes with its protocol in front too.
std::string_view without_scheme(std::string_view server) {
  auto scheme = server.find("://");
  return scheme == std::string_view::npos ? server : server.substr(scheme + 3);
}

std::string address(std::string_view server) {
  server = without_scheme(server);
  auto colon = server.rfind(':');
  auto bracket = server.rfind(']');
  bool port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return config::address(std::string(server.substr(0, port ? colon : server.size())),
                         port ? std::string(server.substr(colon + 1)) : "9092");
}

bool valid_server(std::string_view server) {
  server = without_scheme(server);
  auto colon = server.rfind(':');
  auto bracket = server.rfind(']');
  bool port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  auto host = server.substr(0, port ? colon : server.size());
  if (host.empty() || host.find_first_of(" \t/@") != std::string_view::npos) return false;
  auto number = port ? config::parse_unsigned(server.substr(colon + 1)) : 9092;
  return number && *number >= 1 && *number <= 65535;
}

void read_servers(Section& section, Settings& settings) {
  if (!section.require("bootstrap_servers", "bootstrap_servers: localhost:9092")) return;
  for (auto& servers : section.strings("bootstrap_servers")) {
    std::string_view rest = servers.value;
    for (bool more = servers.known; more;) {
      auto comma = rest.find(',');
      auto server = rest.substr(0, comma);
      while (server.starts_with(' ')) server.remove_prefix(1);
      while (server.ends_with(' ')) server.remove_suffix(1);
      if (!valid_server(server))
        section.diagnostics().error(servers.mark, servers.path,
                                    config::in_quotes(servers.shown) + " is not a list of servers",
                                    "host:port,host:port");
      else
        settings.addresses.push_back(address(server));
      more = comma != std::string_view::npos && valid_server(server);
      rest.remove_prefix(more ? comma + 1 : rest.size());
    }
    settings.bootstrap_servers += (settings.bootstrap_servers.empty() ? "" : ",") + servers.value;
  }
  if (settings.bootstrap_servers.empty() && section.node("bootstrap_servers")->items.empty() &&
      section.node("bootstrap_servers")->kind == config::Node::Kind::list)
    section.error("bootstrap_servers", "an empty list", "host:port");
}

void read_group(Section& section, const config::KindContext& context, Settings& settings) {
  settings.group_id = context.bridge_name;
  if (section.string("group_id", settings.group_id) && settings.group_id.empty())
    section.error("group_id", "an empty name", "without the key it is the bridge's name");
}

std::shared_ptr<config::BrokerSettings> read(Section& section, const config::KindContext& context) {
  auto settings = std::make_shared<Settings>();
  config::read_broker_keys(section, context, *settings);
  read_servers(section, *settings);
  read_group(section, context, *settings);
  config::read_reconnect(section, settings->reconnect_delay, settings->reconnect_delay_max);
  section.integer("prefetch_count", settings->prefetch_count, 1);
  config::read_prefetch_size(section, context, settings->prefetch_size);
  read_librdkafka(section, context, *settings);
  read_security(section, context, *settings);
  section.elsewhere({"topic", "start", "on_offset_lost", "target_from"}, "it belongs to an entry of subscribe:");
  for (auto& subscription : section.sections("subscribe")) read_subscription(subscription, *settings);
  check_brokers_own(section, "subscribe", *settings);
  if (config::read_accept_replies(section, context, "reply_topic", *settings))
    subscribe_replies(section, context.reply_keys, *settings);
  return settings;
}

std::optional<size_t> join_route(Section& from, const Subscription& entry, size_t index, const Settings& settings) {
  auto& joined = settings.subscriptions[index];
  auto first = "first at " + config::place(joined.mark);
  if (joined.target_from != entry.target_from) from.error("topic", "subscribed to with another target_from", first);
  config::join_restore(from, "topic", entry, joined);
  bool start = from.has("start") && entry.start != joined.start;
  bool lost = from.has("on_offset_lost") && entry.on_offset_lost != joined.on_offset_lost;
  if (start || lost) from.error(start ? "start" : "on_offset_lost", "subscribed to with another value", first);
  return index;
}

std::optional<size_t> subscribe_route(Section& from, config::BrokerSettings& base) {
  say_where_broker_keys_belong(from);
  auto& settings = static_cast<Settings&>(base);
  if (!from.has("topic")) {
    from.refuse("queue", "a kafka broker has topics, not queues", "topic:");
    for (auto* key : {"start", "on_offset_lost", "target_from", "restore", "declare"})
      from.refuse(key, "only with topic:");
    return std::nullopt;
  }
  Subscription entry;
  entry.mark = from.mark();
  entry.of_route = true;
  read_topic(from, entry);
  if (auto* first = same_topic(settings, entry))
    return join_route(from, entry, static_cast<size_t>(first - settings.subscriptions.data()), settings);
  settings.subscriptions.push_back(std::move(entry));
  check_brokers_own(from, "topic", settings);
  return settings.subscriptions.size() - 1;
}

// The retention of a dead letter's topic counts from the time when the message failed: it may be old by then.
std::shared_ptr<const mombridge::PublishOptions> read_options(Section& destination, config::Use use,
                                                              const config::BrokerSettings&) {
  config::refuse_exchange(destination, kTraits);
  config::read_mandatory(destination, use);
  auto time = use == config::Use::dead_letter ? RecordTime::arrival : RecordTime::own;
  if (config::read_timestamp(destination).value_or(false)) time = RecordTime::keep;
  return std::make_shared<PublishOptions>(time);
}

void read_own_declaration(Section& destination, const std::string& name, config::BrokerSettings& settings) {
  auto declare = destination.section("declare");
  if (!declare) return;
  for (auto* key : {"type", "arguments", "durable"})
    declare->refuse(key, "a topic has partitions", "declare: {partitions: 3}");
  constexpr uint64_t kMostPartitions = 100'000;
  uint32_t number = 0;
  if (!declare->require("partitions", "declare: {partitions: 3}") ||
      !declare->integer("partitions", number, 1, kMostPartitions))
    return;
  static_cast<Settings&>(settings).partitions[name] = static_cast<int32_t>(number);
}

}  // namespace

std::shared_ptr<config::BrokerSettings> client_settings(const config::BrokerSettings& settings,
                                                        const config::ClientOptions& client) {
  auto made = std::make_shared<Settings>(static_cast<const Settings&>(settings));
  made->subscriptions.clear();
  made->declares.clear();
  if (client.reply_to.empty()) return made;
  made->reply_address = client.reply_to;
  made->group_id += ".request." + client.id;
  auto& topic = made->subscriptions.emplace_back();
  topic.source = topic.topic = client.reply_to;
  topic.targets = {client.reply_to};
  topic.replies = true;
  topic.start = Start::latest;
  topic.on_offset_lost = OnOffsetLost::latest;
  return made;
}

// One that produces, one that consumes, and one for the replies, which has a group of its own.
std::string needs(const config::BrokerSection& section) {
  auto& all = static_cast<const Settings&>(*section.settings).subscriptions;
  auto replies = std::ranges::count_if(all, [](auto& s) { return s.replies; });
  auto clients = 1 + replies + (static_cast<ptrdiff_t>(all.size()) > replies);
  return std::to_string(clients) + (clients == 1 ? " Kafka client at " : " Kafka clients at ") + section.name;
}

config::KindReader reader() { return {&kTraits, read, subscribe_route, read_options, read_own_declaration}; }

}  // namespace mombridge::kafka
