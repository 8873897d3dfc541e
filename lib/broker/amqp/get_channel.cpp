#include "broker/amqp/get_channel.hpp"

#include <utility>

#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

std::string mend(unsigned code) {
  switch (code) {
    case AMQP_NOT_FOUND:
      return ": is the name right? A bridge makes its dead letter when it connects for the first time";
    case AMQP_NOT_IMPLEMENTED:
      return ": a stream gives out no single messages, and keeps what is acknowledged";
    case AMQP_RESOURCE_LOCKED:
      return ": an exclusive queue, or one with a single active consumer, gives out no single messages";
    default:
      return {};
  }
}

}  // namespace

GetChannel::GetChannel(EventLoop& loop, Connection& connection, std::string queue, Answered answered)
    : connection_(connection), queue_(std::move(queue)), answered_(std::move(answered)), settlements_(loop) {}

void GetChannel::open() {
  connection_.open_channel(kNumber, *this);
  look_up();
}

void GetChannel::look_up() {
  amqp_queue_declare_t declare{};
  declare.queue = bytes(queue_);
  declare.passive = 1;
  connection_.send(kNumber, AMQP_QUEUE_DECLARE_METHOD, &declare);
}

void GetChannel::get() {
  amqp_basic_get_t get{.ticket = 0, .queue = bytes(queue_), .no_ack = 0};
  connection_.send(kNumber, AMQP_BASIC_GET_METHOD, &get);
}

void GetChannel::acknowledge(uint64_t tag) {
  open_.erase(tag);
  amqp_basic_ack_t ack{.delivery_tag = tag, .multiple = 0};
  connection_.send(kNumber, AMQP_BASIC_ACK_METHOD, &ack);
}

void GetChannel::give_back() {
  uint64_t last = 0;
  for (size_t i = 0; i < kGivenBack && !open_.empty(); ++i) last = open_.extract(open_.begin()).value();
  amqp_basic_nack_t nack{.delivery_tag = last, .multiple = 1, .requeue = 1};
  connection_.send(kNumber, AMQP_BASIC_NACK_METHOD, &nack);
  look_up();
}

void GetChannel::close() {
  amqp_channel_close_t close{
      .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
  connection_.send(kNumber, AMQP_CHANNEL_CLOSE_METHOD, &close);
}

void GetChannel::method(amqp_method_number_t id, void* decoded, std::string_view) {
  switch (id) {
    case AMQP_QUEUE_DECLARE_OK_METHOD:
      return answered_(Reply{.ready = static_cast<amqp_queue_declare_ok_t*>(decoded)->message_count, .got = nullptr});
    case AMQP_BASIC_GET_OK_METHOD: {
      auto& got = *static_cast<amqp_basic_get_ok_t*>(decoded);
      getting_ = std::make_unique<AmqpDelivery>(settlements_);
      getting_->tag = got.delivery_tag;
      open_.insert(got.delivery_tag);
      return content_.begin(*getting_, view(got.routing_key), got.redelivered);
    }
    case AMQP_BASIC_GET_EMPTY_METHOD:
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
      return answered_(Reply{});
    case AMQP_CHANNEL_CLOSE_METHOD:
      return refused(*static_cast<amqp_channel_close_t*>(decoded));
    default:
      return;  // the answer to channel.open
  }
}

void GetChannel::refused(const amqp_channel_close_t& close) {
  auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512) + mend(close.reply_code);
  amqp_channel_close_ok_t ok{};
  connection_.send(kNumber, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  answered_(fail(why));
}

void GetChannel::content_header(uint64_t body_size, std::string_view properties) {
  content(content_.header(body_size, properties));
}

void GetChannel::content_body(std::string_view part) { content(content_.body(part)); }

void GetChannel::content(const Result<bool>& whole) {
  progress_.fetch_add(1, std::memory_order_relaxed);
  if (!whole) return answered_(fail(whole.error()));
  if (!*whole) return;
  Reply reply;
  reply.content = content_.finish();
  reply.got = std::move(getting_);
  answered_(std::move(reply));
}

}  // namespace mombridge::amqp
