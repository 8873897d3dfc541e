// What a subscription asks of the broker before messages come: channel, queue, bindings.

#include <vector>

#include "broker/amqp/consumer.hpp"

namespace mombridge::amqp {

// Everything is sent at once: the server answers in order, and an empty queue name means the one declared last.
void Consumer::opened() {
  ++epoch_;
  tracker_ = {};
  current_ = nullptr;
  // While draining there is nothing to take any longer, and what was in flight has been given back.
  if (!sink_) return supervisor_.opened(connection_.endpoint() + ", draining");
  amqp_channel_open_t open{};
  connection_.send(kChannel, AMQP_CHANNEL_OPEN_METHOD, &open);
  amqp_basic_qos_t qos{.prefetch_size = 0, .prefetch_count = settings_.prefetch_count, .global = 0};
  connection_.send(kChannel, AMQP_BASIC_QOS_METHOD, &qos);
  declare_queue();
  for (auto& binding : subscription_.bindings)
    for (auto& key : binding.routing_keys) {
      amqp_queue_bind_t bind{
          .queue = bytes(subscription_.queue), .exchange = bytes(binding.exchange), .routing_key = bytes(key)};
      connection_.send(kChannel, AMQP_QUEUE_BIND_METHOD, &bind);
    }
  intake_.begin(limit_.may_count(), settings_.prefetch_count);
}

void Consumer::declare_queue() {
  if (!subscription_.queue.empty() && !subscription_.declare) return;
  QueueDeclaration private_queue{.durable = false, .exclusive = true, .auto_delete = true, .arguments = {}};
  auto& declaration = subscription_.declare ? *subscription_.declare : private_queue;
  std::vector<amqp_table_entry_t> arguments;
  for (auto& [name, value] : declaration.arguments) {
    amqp_table_entry_t entry{};
    entry.key = bytes(name);
    if (auto* b = std::get_if<bool>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = *b}};
    else if (auto* i = std::get_if<int64_t>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = *i}};
    else if (auto* d = std::get_if<double>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_F64, .value = {.f64 = *d}};
    else
      entry.value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = bytes(std::get<std::string>(value))}};
    arguments.push_back(entry);
  }
  amqp_queue_declare_t declare{};
  declare.queue = bytes(subscription_.queue);
  declare.durable = declaration.durable;
  declare.exclusive = declaration.exclusive;
  declare.auto_delete = declaration.auto_delete;
  declare.passive = subscription_.passive_first && !missing_;
  declare.arguments = {static_cast<int>(arguments.size()), arguments.data()};
  connection_.send(kChannel, AMQP_QUEUE_DECLARE_METHOD, &declare);
}

// The queue was asked for and is not there: the same again on a new channel, this time to make it.
void Consumer::declare_at_last() {
  missing_ = true;
  amqp_channel_close_ok_t ok{};
  connection_.send(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  opened();
}

void Consumer::begin_without_get() {
  intake_.refused();
  amqp_channel_close_ok_t ok{};
  connection_.send(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  opened();
}

void Consumer::get() {
  amqp_basic_get_t get{.ticket = 0, .queue = bytes(subscription_.queue), .no_ack = 0};
  connection_.send(kChannel, AMQP_BASIC_GET_METHOD, &get);
}

void Consumer::consume() {
  amqp_basic_consume_t consume{};
  consume.queue = bytes(subscription_.queue);
  consume.consumer_tag = bytes("mombridge");
  connection_.send(kChannel, AMQP_BASIC_CONSUME_METHOD, &consume);
}

}  // namespace mombridge::amqp
