#include "broker/amqp/queue_setup.hpp"

#include "broker/amqp/arguments.hpp"

namespace mombridge::amqp {

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

QueueSetup::QueueSetup(const Subscription& subscription)
    : subscription_(subscription), lifetime_(amqp::lifetime(subscription)) {}

// A queue that was consumed from before is looked for first, because a declaration would not show that it was deleted
// meanwhile. Then it is declared nevertheless, because only that shows whether it is still what the configuration says.
void QueueSetup::ask(Connection& connection, uint16_t channel) {
  // A server-named queue that this connection has already needs no new one, nor other bindings.
  if (!private_name_.empty()) return;
  bool ours = subscription_.queue.empty() || subscription_.declare;
  bool look = ours && !missing_ && !lifetime_.with_connection && (subscription_.passive_first || had_it_);
  if (look) declare(connection, channel, true);
  if (ours && !(look && subscription_.passive_first)) declare(connection, channel, false);
  for (auto& binding : subscription_.bindings) {
    auto arguments = entries(binding.arguments);
    for (auto& key : binding.routing_keys) {
      amqp_queue_bind_t bind{};
      bind.queue = bytes(subscription_.queue);
      bind.exchange = bytes(binding.exchange);
      bind.routing_key = bytes(key);
      bind.arguments = table(arguments);
      connection.send(channel, AMQP_QUEUE_BIND_METHOD, &bind);
    }
  }
}

void QueueSetup::declare(Connection& connection, uint16_t channel, bool passive) {
  auto declaration = subscription_.declare.value_or(private_queue());
  auto arguments = entries(declaration.arguments);
  amqp_queue_declare_t method{};
  method.queue = bytes(subscription_.queue);
  method.passive = passive;
  method.durable = declaration.durable;
  method.exclusive = declaration.exclusive;
  method.auto_delete = declaration.auto_delete;
  method.arguments = table(arguments);
  connection.send(channel, AMQP_QUEUE_DECLARE_METHOD, &method);
}

void QueueSetup::declared(std::string_view name) {
  if (subscription_.queue.empty()) private_name_ = name;
}

bool QueueSetup::make_it() {
  bool looked =
      !missing_ && !lifetime_.with_connection && subscription_.declare && (subscription_.passive_first || had_it_);
  private_name_.clear();
  missing_ |= looked;
  anew_ |= lifetime_.with_connection;
  return looked;
}

void QueueSetup::consuming() {
  had_it_ = true;
  missing_ = anew_ = false;
}

void QueueSetup::connection_ended() {
  private_name_.clear();
  missing_ = false;
  anew_ = true;
}

std::string QueueSetup::lost() const {
  if (!had_it_ || (lifetime_.with_connection && !anew_)) return {};
  if (subscription_.queue.empty())
    return "a private queue lasts as long as its connection: what was published meanwhile did not reach it";
  if (lifetime_.with_connection)
    return "the queue is exclusive and was deleted with its connection: what was in it, and what was published "
           "meanwhile, "
           "is gone";
  if (missing_)
    return "the queue was deleted while the bridge did not consume from it: what was in it, and what was published "
           "meanwhile, is gone; it has been declared anew";
  return {};
}

QueueSetup::Refusal QueueSetup::refused(unsigned code, const std::string& words) const {
  auto text = words;
  if (auto what = advice(code, words); !what.empty()) text += ": " + what;
  // Our own exclusive queue is locked until RabbitMQ has noticed that the connection before is gone.
  bool ours = code == AMQP_RESOURCE_LOCKED && lifetime_.with_connection && had_it_;
  bool lasting = code == AMQP_ACCESS_REFUSED || code == AMQP_RESOURCE_LOCKED || code == AMQP_PRECONDITION_FAILED ||
                 code == AMQP_NOT_ALLOWED || code == AMQP_NOT_IMPLEMENTED || has(words, "not permitted");
  return {{std::move(text)}, lasting && !ours};
}

std::string QueueSetup::advice(unsigned code, const std::string& words) const {
  switch (code) {
    case AMQP_NOT_FOUND:
      if (has(words, "no exchange")) return "make the exchange, or remove the binding";
      if (subscription_.declare || !has(words, "no queue")) return {};
      return "make the queue, or let the bridge do it with `declare: {}`; one that is auto_delete, exclusive or has "
             "x-expires is deleted without its consumer";
    case AMQP_ACCESS_REFUSED:
      if (has(words, "exclusive use")) return "another consumer has the queue for itself";
      return "give the bridge's user the permission (configure to declare, read to consume, write to bind)";
    case AMQP_RESOURCE_LOCKED:
      if (lifetime_.with_connection && had_it_) return "the connection before this one is not gone yet";
      return "the queue is exclusive to another connection, and only that one can consume from it";
    case AMQP_PRECONDITION_FAILED:
      return has(words, "inequivalent arg")
                 ? "the queue is there and is not what `declare` says: declare it as it is, or "
                   "leave `declare` out to use it as it is"
                 : "";
    default:
      break;
  }
  auto declare = subscription_.declare;
  if (declare && !declare->durable && !declare->exclusive)
    return "does this RabbitMQ still permit `durable: false` without `exclusive: true` (transient_nonexcl_queues)?";
  return {};
}

}  // namespace mombridge::amqp
