// What a subscription asks of the broker before messages come: channel, queue, bindings.

#include "broker/amqp/arguments.hpp"
#include "broker/amqp/consumer.hpp"

namespace mombridge::amqp {

// Everything is sent at once: the server answers in order, and an empty queue name means the one declared last.
void Consumer::opened() {
  ++epoch_;
  tracker_ = {};
  current_ = nullptr;
  // While draining there is nothing to take any longer, and what was in flight has been given back.
  if (!sink_) return void(supervisor_.opened(connection_.endpoint() + ", draining"));
  connection_.open_channel(kChannel, *this);
  amqp_basic_qos_t qos{.prefetch_size = 0, .prefetch_count = settings_.prefetch_count, .global = 0};
  connection_.send(kChannel, AMQP_BASIC_QOS_METHOD, &qos);
  queue_.ask(connection_, kChannel);
  intake_.begin(limit_.may_count(), settings_.prefetch_count);
}

// The queue was asked for and is not there: the same again on a new channel, this time to make it.
void Consumer::declare_at_last() {
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
  amqp_basic_get_t get{.ticket = 0, .queue = bytes(queue_.name()), .no_ack = 0};
  connection_.send(kChannel, AMQP_BASIC_GET_METHOD, &get);
}

void Consumer::consume() {
  if (auto open = intake_.open()) {
    auto left = static_cast<uint16_t>(settings_.prefetch_count - open);
    amqp_basic_qos_t qos{.prefetch_size = 0, .prefetch_count = left, .global = 0};
    connection_.send(kChannel, AMQP_BASIC_QOS_METHOD, &qos);
  }
  amqp_basic_consume_t consume{};
  consume.queue = bytes(queue_.name());
  consume.consumer_tag = bytes("mombridge");
  auto arguments = entries(subscription_.arguments);
  consume.arguments = table(arguments);
  connection_.send(kChannel, AMQP_BASIC_CONSUME_METHOD, &consume);
}

}  // namespace mombridge::amqp
