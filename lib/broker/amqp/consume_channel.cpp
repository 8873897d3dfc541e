#include "broker/amqp/consume_channel.hpp"

#include <algorithm>

#include "base/counters.hpp"
#include "base/failpoint.hpp"
#include "broker/amqp/arguments.hpp"

namespace mombridge::amqp {

namespace {

constexpr const char* kConsumerTag = "mombridge";

}  // namespace

ConsumeChannel::ConsumeChannel(EventLoop& loop, Connection& connection, const Whose& whose, QueueSetup& queue,
                               DeliveryPool& pool, User& user)
    : loop_(loop),
      connection_(connection),
      whose_(whose),
      queue_(queue),
      pool_(pool),
      user_(user),
      acks_(loop, connection, kNumber, whose.settings.prefetch_count / 2),
      content_(whose.settings.prefetch_size) {}

// Everything is sent at once: the server answers in order, and an empty queue name means the one declared last.
void ConsumeChannel::open(uint64_t epoch, bool careful) {
  epoch_ = epoch;
  acks_.begin_channel();
  connection_.open_channel(kNumber, *this);
  limit_prefetch(whose_.settings.prefetch_count);
  queue_.ask(connection_, kNumber);
  intake_.begin(careful, whose_.settings.prefetch_count);
}

void ConsumeChannel::limit_prefetch(uint64_t messages) {
  amqp_basic_qos_t qos{.prefetch_size = 0, .prefetch_count = static_cast<uint16_t>(messages), .global = 0};
  connection_.send(kNumber, AMQP_BASIC_QOS_METHOD, &qos);
}

void ConsumeChannel::confirm_close() {
  amqp_channel_close_ok_t ok{};
  connection_.send(kNumber, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
}

void ConsumeChannel::lost() {
  intake_.end();
  acks_.begin_channel();  // acknowledgements that are not written would go to no channel
  if (auto* delivery = content_.drop()) pool_.recycle(*delivery);
}

void ConsumeChannel::cancel() {
  amqp_basic_cancel_t cancel{.consumer_tag = bytes(kConsumerTag), .nowait = 1};
  connection_.send(kNumber, AMQP_BASIC_CANCEL_METHOD, &cancel);
}

Duration ConsumeChannel::serve(bool taking) {
  acks_.flush(intake_.careful());
  if (!taking) return Duration::max();
  auto now = loop_.round_began();
  auto next = intake_.next(now);
  for (; next == CautiousIntake::Next::get; next = intake_.next(now)) get();
  if (next == CautiousIntake::Next::consume) consume();
  auto due = intake_.due();
  return due == TimePoint::max() ? Duration::max() : std::max(due - now, Duration::zero());
}

void ConsumeChannel::get() {
  amqp_basic_get_t get{.ticket = 0, .queue = bytes(queue_.name()), .no_ack = 0};
  connection_.send(kNumber, AMQP_BASIC_GET_METHOD, &get);
}

void ConsumeChannel::consume() {
  if (auto open = intake_.open()) limit_prefetch(whose_.settings.prefetch_count - open);
  amqp_basic_consume_t consume{};
  consume.queue = bytes(queue_.name());
  consume.consumer_tag = bytes(kConsumerTag);
  auto arguments = entries(whose_.subscription.arguments);
  consume.arguments = table(arguments);
  connection_.send(kNumber, AMQP_BASIC_CONSUME_METHOD, &consume);
}

bool ConsumeChannel::came_singly(bool counted) {
  if (!intake_.asked()) return false;
  intake_.got(counted);
  if (!counted) return false;
  static Counter& taken = counter("redelivered_taken_singly");
  taken.add();
  singly_log_.event(log::Level::info, "messages that were delivered before are taken one at a time",
                    {{"broker", whose_.broker}, {"queue", whose_.subscription.queue}});
  return true;
}

void ConsumeChannel::settled(const AmqpDelivery& d) {
  if (!failpoint("early_ack") || d.settlement != Settlement::accept) acks_.settled(d.tag, d.settlement);
  intake_.settled();
}

void ConsumeChannel::method(amqp_method_number_t id, void* decoded, std::string_view arguments) {
  switch (id) {
    case AMQP_BASIC_DELIVER_METHOD:
      return deliver(arguments);
    case AMQP_BASIC_GET_OK_METHOD: {
      auto& got = *static_cast<amqp_basic_get_ok_t*>(decoded);
      return begin_delivery(got.delivery_tag, got.redelivered, view(got.routing_key));
    }
    case AMQP_BASIC_GET_EMPTY_METHOD:
      return intake_.empty();
    case AMQP_BASIC_CONSUME_OK_METHOD:
      return user_.consuming();
    case AMQP_BASIC_CANCEL_METHOD:
      return user_.channel_broken("the broker cancelled the subscription: was the queue deleted?");
    case AMQP_QUEUE_DECLARE_OK_METHOD:
      return queue_.declared(view(static_cast<amqp_queue_declare_ok_t*>(decoded)->queue));
    case AMQP_CHANNEL_CLOSE_METHOD:
      return user_.channel_closed(*static_cast<amqp_channel_close_t*>(decoded));
    default:
      return;  // answers to what open() sent
  }
}

// basic.deliver: consumer-tag, delivery-tag, redelivered, exchange, routing-key.
void ConsumeChannel::deliver(std::string_view arguments) {
  Reader in(arguments);
  in.short_string();
  auto tag = in.number<uint64_t>();
  bool redelivered = in.octet() & 1;
  in.short_string();
  auto key = in.short_string();
  if (!in.ok()) return user_.channel_broken("a delivery out of order");
  begin_delivery(tag, redelivered, key);
}

void ConsumeChannel::begin_delivery(uint64_t tag, bool redelivered, std::string_view key) {
  if (!acks_.delivered(tag) || content_.active()) return user_.channel_broken("a delivery out of order");
  auto& delivery = pool_.take();
  delivery.tag = tag;
  delivery.epoch = epoch_;
  content_.begin(delivery, key, redelivered);
}

void ConsumeChannel::content_header(uint64_t body_size, std::string_view properties) {
  content(content_.header(body_size, properties));
}

void ConsumeChannel::content_body(std::string_view part) { content(content_.body(part)); }

void ConsumeChannel::content(const Result<bool>& whole) {
  if (!whole) return user_.channel_broken(whole.error().text);
  if (!*whole) return;
  auto content = content_.finish();
  if (failpoint("early_ack")) acks_.settled(content.delivery->tag, Settlement::accept);
  user_.delivered(content);
}

}  // namespace mombridge::amqp
