#include <array>
#include <thread>

#include "amqp_client.hpp"
#include "messages.hpp"

namespace load {

namespace {

constexpr uint64_t kUnconfirmed = 4000, kLookEvery = 256;

amqp_table_entry_t text_header(const char* name, amqp_bytes_t value) {
  amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = value;
  return entry;
}

class AmqpSender final : public Sender {
 public:
  AmqpSender(const std::string& url, std::string queue, size_t size) : queue_(std::move(queue)), size_(size) {
    connect(link_, url);
    amqp_confirm_select(link_.get(), kChannel);
    if (amqp_get_rpc_reply(link_.get()).reply_type != AMQP_RESPONSE_NORMAL) give_up("no confirms");
  }

  void send(uint64_t number) override {
    auto body = body_of(number, size_), target = target_of(number);
    std::array headers{text_header(kNumber, {kDigits, body.data()}), text_header(kTarget, bytes(target)),
                       text_header(kTrace.first, amqp_cstring_bytes(kTrace.second))};
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = kPersistent;
    properties.headers = {headers.size(), headers.data()};
    if (amqp_basic_publish(link_.get(), kChannel, amqp_empty_bytes, bytes(queue_), true, false, &properties,
                           bytes(body)) != AMQP_STATUS_OK)
      give_up("cannot publish to " + queue_);
    if (++sent_ % kLookEvery == 0) take_confirms(kUnconfirmed);
  }
  void finish() override { take_confirms(0); }

 private:
  /// Until no more than that many are unconfirmed.
  void take_confirms(uint64_t unconfirmed) {
    amqp_frame_t frame;
    for (;;) {
      bool wait = sent_ - confirmed_ > unconfirmed;
      if (link_.next(frame, wait ? 1000 : 0)) {
        if (frame.frame_type == AMQP_FRAME_METHOD) take(frame.payload.method);
        amqp_maybe_release_buffers(link_.get());
      } else if (!wait) {
        return;
      }
      if (!link_.is_open()) give_up("the AMQP connection broke");
    }
  }
  /// RabbitMQ confirms what it says to be all up to a tag, and single ones beside it.
  void take(const amqp_method_t& method) {
    if (method.id == AMQP_BASIC_RETURN_METHOD || method.id == AMQP_BASIC_NACK_METHOD) give_up("refused by " + queue_);
    if (method.id != AMQP_BASIC_ACK_METHOD) return;
    auto& ack = *static_cast<amqp_basic_ack_t*>(method.decoded);
    if (!ack.multiple) {
      ++singly_;
    } else {
      up_to_ = ack.delivery_tag;
      singly_ = 0;
    }
    confirmed_ = std::min(sent_, up_to_ + singly_);
  }

  std::string queue_;
  size_t size_;
  AmqpLink link_;
  uint64_t sent_ = 0, confirmed_ = 0, up_to_ = 0, singly_ = 0;
};

class AmqpReceiver final : public Receiver {
 public:
  AmqpReceiver(const std::string& url, const std::string& queue, Taken taken) : taken_(std::move(taken)) {
    connect(link_, url);
    amqp_basic_consume(link_.get(), kChannel, bytes(queue), amqp_empty_bytes, false, true, false, amqp_empty_table);
    if (amqp_get_rpc_reply(link_.get()).reply_type != AMQP_RESPONSE_NORMAL) give_up("cannot consume from " + queue);
    thread_ = std::jthread([this](const std::stop_token& stop) {
      amqp_frame_t frame;
      while (!stop.stop_requested())
        if (link_.next(frame, 20))
          take(frame);
        else if (!link_.is_open())
          give_up("the AMQP connection broke");
    });
  }

 private:
  void take(const amqp_frame_t& frame) {
    if (frame.frame_type == AMQP_FRAME_HEADER) {
      headers_ = static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded)->headers;
      left_ = frame.payload.properties.body_size;
      body_.clear();
      if (!left_) end();
    } else if (frame.frame_type == AMQP_FRAME_BODY) {
      body_ += text(frame.payload.body_fragment);
      left_ -= frame.payload.body_fragment.len;
      if (!left_) end();
    }
  }
  void end() {
    taken_(number_of(body_), body_.size(), has_headers(body_, [this](std::string_view name) { return header(name); }));
    amqp_maybe_release_buffers_on_channel(link_.get(), kChannel);
  }
  [[nodiscard]] std::string header(std::string_view name) const {
    for (int i = 0; i < headers_.num_entries; ++i)
      if (text(headers_.entries[i].key) == name && headers_.entries[i].value.kind == AMQP_FIELD_KIND_UTF8)
        return text(headers_.entries[i].value.value.bytes);
    return {};
  }

  Taken taken_;
  AmqpLink link_;
  std::string body_;
  amqp_table_t headers_{};
  uint64_t left_ = 0;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Sender> amqp_sender(const std::string& url, const std::string& queue, size_t size) {
  return std::make_unique<AmqpSender>(url, queue, size);
}

std::unique_ptr<Receiver> amqp_receiver(const std::string& url, const std::string& queue, Taken taken) {
  return std::make_unique<AmqpReceiver>(url, queue, std::move(taken));
}

}  // namespace load
