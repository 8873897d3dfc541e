#include "broker/amqp/subscriptions.hpp"

#include <algorithm>
#include <cstdio>
#include <random>

#include "broker/amqp/queue_lifetime.hpp"
#include "config/broker_keys.hpp"
#include "config/text.hpp"
#include "message/pattern.hpp"
#include "message/short_string.hpp"

namespace mombridge::amqp {

namespace {

using config::Scalar;
using config::Section;

bool fits(const Scalar& value, config::Diagnostics& diagnostics) {
  if (value.value.size() <= kLongestShortString && value.value.find('\0') == std::string::npos) return true;
  diagnostics.error(value.mark, value.path, "longer than 255 bytes", "AMQP has no room for more");
  return false;
}

Arguments read_arguments(Section& section) {
  Arguments arguments;
  for (auto& [key, value] : section.pairs("arguments")) {
    if (key.size() > kLongestShortString) section.error("arguments", "a name longer than 255 bytes");
    arguments[key] = value.typed();
  }
  return arguments;
}

// Source: rabbitmq.com/docs/deprecated-features, transient_nonexcl_queues.
void warn_of_transient(Section& declare, const QueueDeclaration& queue) {
  if (queue.durable || queue.exclusive) return;
  declare.diagnostics().warning(declare.mark("durable"), declare.path("durable"),
                                "a queue that is neither durable nor exclusive: RabbitMQ 4 may refuse it",
                                "durable: true, or exclusive: true; x-expires makes a durable one go away by itself");
}

// The bridge gives nothing back to these queues, but whoever declares them should know what its restart costs.
void warn_of_deletion(Section& declare, const QueueDeclaration& queue) {
  auto warn = [&](const char* key, const std::string& what) {
    declare.diagnostics().warning(declare.mark(key), declare.path(key),
                                  what + ", and what is in it: while the bridge is away or restarts, messages are lost",
                                  "leave it out for a queue that keeps its messages");
  };
  auto type = queue.arguments.find("x-queue-type");
  bool classic = type == queue.arguments.end() || type->second == Argument(std::string("classic"));
  if (classic && queue.exclusive)
    warn("exclusive", "an exclusive queue is deleted with the bridge's connection");
  else if (classic && queue.auto_delete)
    warn("auto_delete", "an auto_delete queue is deleted with its last consumer");
  if (queue.arguments.contains("x-expires"))
    warn("arguments", "by x-expires the queue is deleted when it had no consumer for so long");
}

std::optional<QueueDeclaration> read_declaration(Section& section) {
  auto declare = section.section("declare");
  if (!declare) return std::nullopt;
  QueueDeclaration queue;
  queue.arguments = read_arguments(*declare);
  std::string type;
  if (declare->choice(std::string("type"), type,
                      {{"classic", "classic"}, {"quorum", "quorum"}, {"stream", "stream"}})) {
    if (queue.arguments.contains("x-queue-type"))
      declare->error("type", "also in arguments, as x-queue-type", "one of them");
    queue.arguments["x-queue-type"] = type;
  }
  declare->flag("durable", queue.durable);
  declare->flag("exclusive", queue.exclusive);
  declare->flag("auto_delete", queue.auto_delete);
  // What RabbitMQ would answer with PRECONDITION_FAILED, again and again. Source: rabbitmq.com/docs/quorum-queues.
  if (type == "quorum" || type == "stream")
    for (auto [key, wrong] :
         {std::pair("durable", !queue.durable), {"exclusive", queue.exclusive}, {"auto_delete", queue.auto_delete}})
      if (wrong) declare->error(key, "a " + type + " queue is always durable, never exclusive and never auto_delete");
  warn_of_deletion(*declare, queue);
  if (type == "stream") declare->error("type", "stream queues are not supported yet", "quorum or classic");
  if (type != "quorum" && type != "stream") warn_of_transient(*declare, queue);
  return queue;
}

// RabbitMQ hands what it has delivered too often to the queue's own dead-letter exchange, and drops it without one.
bool drops(const Subscription& queue) {
  if (!queue.declare || queue.delivery_limit == 0) return false;
  auto& arguments = queue.declare->arguments;
  auto type = arguments.find("x-queue-type"), limit = arguments.find("x-delivery-limit");
  bool quorum = type != arguments.end() && type->second == Argument(std::string("quorum"));
  bool none = limit != arguments.end() && std::get_if<int64_t>(&limit->second) && std::get<int64_t>(limit->second) < 0;
  return quorum && !none && !arguments.contains("x-dead-letter-exchange");
}

std::vector<std::string> read_routing_keys(Section& section) {
  std::vector<std::string> keys;
  for (auto& key : section.strings("routing_key"))
    if (fits(key, section.diagnostics())) keys.push_back(key.value);
  if (section.has("routing_key") && section.node("routing_key")->kind == config::Node::Kind::list && keys.empty())
    section.error("routing_key", "an empty list", "[\"#\"] is every key");
  return keys;
}

// A direct exchange knows no patterns: it delivers what has exactly that key. Which kind an exchange is only its broker
// knows, unless it is one of the broker's own.
void check_routing_keys(Section& section, const Binding& binding) {
  if (binding.exchange == "amq.direct") {
    for (auto& key : binding.routing_keys)
      if (!Pattern(key).exact())
        section.diagnostics().warning(
            section.mark("routing_key"), section.path("routing_key"),
            "a direct exchange takes " + config::in_quotes(key) + " as it is, not as a pattern",
            "amq.topic knows patterns");
    if (binding.routing_keys.empty()) section.require("routing_key", "a direct exchange knows no patterns");
  } else if (binding.routing_keys.empty() && binding.arguments.empty() && !binding.exchange.starts_with("amq.")) {
    section.diagnostics().warning(
        section.mark("exchange"), section.path("exchange"),
        "without a routing_key it is bound with '#', and a direct exchange delivers nothing to that",
        "routing_key: [...]; [\"#\"] for a topic or fanout exchange, arguments: {...} for a headers exchange");
  }
}

// `exchange:`, `routing_key:` and `arguments:`; without keys everything that a topic or fanout exchange has.
Binding read_binding(Section& section) {
  Binding binding;
  bool named = section.require("exchange") && short_string(section, "exchange", binding.exchange);
  if (named && binding.exchange.empty())
    section.error("exchange", "the default exchange cannot be bound", "queue: takes what is published to it by name");
  binding.routing_keys = read_routing_keys(section);
  binding.arguments = read_arguments(section);
  if (named && !binding.exchange.empty()) check_routing_keys(section, binding);
  if (binding.routing_keys.empty()) binding.routing_keys = {"#"};
  return binding;
}

void say_where_broker_keys_belong(Section& subscription) {
  subscription.elsewhere(
      {"url", "password", "appname", "heartbeat", "connect_timeout", "reconnect_delay", "reconnect_delay_max",
       "prefetch_count", "prefetch_size", "give_back_after", "max_message_size", "reply_exchange", "allow_reply_to",
       "accept_replies", "reply_queue", "tls", "sasl"},
      "it belongs to the broker: a key of brokers.NAME, for all of its subscriptions");
}

void read_queue(Section& section, Subscription& s) {
  if (short_string(section, "queue", s.queue) && s.queue.empty())
    section.error("queue", "an empty name", "for a private queue: exchange: and routing_key:");
  s.source = s.queue;
  s.targets = {"#"};
  s.declare = read_declaration(section);
  if (uint32_t limit = 0; section.integer("delivery_limit", limit)) s.delivery_limit = limit;
  s.drops = drops(s);
  for (auto& bind : section.sections("bind")) s.bindings.push_back(read_binding(bind));
  s.arguments = read_arguments(section);
  for (auto* key : {"exchange", "routing_key"})
    section.refuse(key, "beside queue:", "bind: [{exchange: ..., routing_key: ...}]");
}

void read_exchange(Section& section, Subscription& s) {
  auto& binding = s.bindings.emplace_back(read_binding(section));
  s.source = binding.exchange;
  s.targets = binding.targets();
  s.transient = true;
  for (auto* key : {"declare", "bind"})
    section.refuse(key, "only with queue:", "a private queue is declared and bound by itself");
  section.refuse("delivery_limit", "only with queue:", "a private queue counts no deliveries");
}

// Two consumers of one queue would share its messages between them, at random. Null: nobody consumes from it yet.
const Subscription* same_queue(const Settings& settings, const Subscription& other) {
  auto found =
      std::ranges::find_if(settings.subscriptions, [&](auto& s) { return !s.queue.empty() && s.queue == other.queue; });
  return found == settings.subscriptions.end() ? nullptr : &*found;
}

void refuse_entry(Section& section) {
  if (!section.refuse("topic", "an amqp broker has queues and exchanges, not topics", "queue: or exchange:"))
    section.diagnostics().error(section.mark(), section.path(), "neither queue: nor exchange:");
  section.ignore_rest();
}

/// In the lifetime of a reply queue no `replies.timeout` may matter: RabbitMQ refuses to declare it with another.
constexpr int64_t kReplyTtlMs = int64_t{24} * 3600 * 1000;

bool same(const QueueDeclaration& a, const QueueDeclaration& b) {
  return a.durable == b.durable && a.exclusive == b.exclusive && a.auto_delete == b.auto_delete &&
         a.arguments == b.arguments;
}

// A route that names a queue which is subscribed to already, by `subscribe:` or by another route, takes part in that;
// what only one of them declares or binds holds for both.
std::optional<size_t> join_route(Section& from, Subscription entry, size_t index, Settings& settings) {
  auto& joined = settings.subscriptions[index];
  auto first = "first at " + config::place(joined.mark);
  if (joined.target_from != entry.target_from) from.error("queue", "subscribed to with another target_from", first);
  config::join_restore(from, "queue", entry, joined);
  if (joined.declare && entry.declare && !same(*joined.declare, *entry.declare))
    from.error("declare", "the queue is declared otherwise elsewhere", first);
  if (joined.delivery_limit && entry.delivery_limit && joined.delivery_limit != entry.delivery_limit)
    from.error("delivery_limit", "another delivery_limit of the queue is given elsewhere", first);
  if (!joined.declare) joined.declare = std::move(entry.declare);
  if (!joined.arguments.empty() && !entry.arguments.empty() && joined.arguments != entry.arguments)
    from.error("arguments", "the queue is consumed with other arguments elsewhere", first);
  if (joined.arguments.empty()) joined.arguments = std::move(entry.arguments);
  if (!joined.delivery_limit) joined.delivery_limit = entry.delivery_limit;
  joined.drops = drops(joined);
  std::ranges::move(entry.bindings, std::back_inserter(joined.bindings));
  return index;
}

/// Tells this process's private queue from those of others.
const std::string& process_name() {
  static const std::string kName = [] {
    std::random_device random;
    std::string hex;
    for (int i = 0; i < 4; ++i) {
      char digits[9];
      std::snprintf(digits, sizeof digits, "%08x", random());
      hex += digits;
    }
    return hex;
  }();
  return kName;
}

}  // namespace

void read_own_declaration(Section& destination, const std::string& name, config::BrokerSettings& settings) {
  if (auto queue = read_declaration(destination)) static_cast<Settings&>(settings).declarations[name] = *queue;
}

bool short_string(Section& section, const std::string& key, std::string& into) {
  auto value = section.scalar(key);
  if (!value || !fits(*value, section.diagnostics())) return false;
  into = value->value;
  return true;
}

void read_subscription(Section& section, Settings& settings) {
  say_where_broker_keys_belong(section);
  Subscription entry;
  entry.mark = section.mark();
  if (section.has("queue"))
    read_queue(section, entry);
  else if (section.has("exchange"))
    read_exchange(section, entry);
  else
    return refuse_entry(section);
  config::read_target_from(section, entry);
  config::read_restore(section, entry);
  if (auto* first = same_queue(settings, entry))
    return section.error("queue", "subscribed twice", "first at " + config::place(first->mark));
  settings.subscriptions.push_back(std::move(entry));
}

void subscribe_replies(Section& section, bool keys, Settings& settings) {
  Subscription entry;
  entry.mark = section.mark("accept_replies");
  entry.replies = true;
  entry.targets = {"#"};
  entry.declare = QueueDeclaration{};
  if (keys) {
    entry.declare->arguments["x-message-ttl"] = kReplyTtlMs;
    entry.passive_first = true;
  } else {
    settings.reply_address += "." + process_name();
    settings.own_names.push_back(settings.reply_address);
    entry.declare = private_queue();
    section.diagnostics().warning(section.mark("accept_replies"), section.path("accept_replies"),
                                  "without keys replies will not survive a restart of the bridge",
                                  "replies: {keys: [{id: k1, secret: \"${file:/run/secrets/reply-key}\"}]}");
  }
  entry.source = entry.queue = settings.reply_address;
  if (auto* first = same_queue(settings, entry))
    return section.diagnostics().error(first->mark, section.path("subscribe"), "the bridge's own reply queue",
                                       "it is subscribed to by itself; name another, or another reply_queue");
  settings.subscriptions.push_back(std::move(entry));
}

std::optional<size_t> subscribe_route(Section& from, config::BrokerSettings& base) {
  auto& settings = static_cast<Settings&>(base);
  if (!from.has("queue")) {
    from.refuse("topic", "an amqp broker has queues, not topics", "queue:");
    for (auto* key : {"declare", "bind", "arguments", "target_from", "restore", "delivery_limit"})
      from.refuse(key, "only with queue:");
    for (auto* key : {"exchange", "routing_key"})
      from.refuse(key, "an exchange is subscribed to under brokers", "subscribe: [{exchange: ..., routing_key: ...}]");
    return std::nullopt;
  }
  say_where_broker_keys_belong(from);
  Subscription entry;
  entry.mark = from.mark();
  entry.of_route = true;
  read_queue(from, entry);
  config::read_target_from(from, entry);
  config::read_restore(from, entry);
  if (auto* first = same_queue(settings, entry))
    return join_route(from, std::move(entry), static_cast<size_t>(first - settings.subscriptions.data()), settings);
  settings.subscriptions.push_back(std::move(entry));
  return settings.subscriptions.size() - 1;
}

}  // namespace mombridge::amqp
