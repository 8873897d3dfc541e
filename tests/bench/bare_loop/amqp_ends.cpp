#include <algorithm>
#include <array>

#include <librdkafka/rdkafka.h>

#include "amqp_connection.hpp"

namespace bare {

namespace {

constexpr size_t kMostUnsent = 1 << 20;  ///< bytes
constexpr int kMostHeaders = 32;
constexpr uint8_t kPersistent = 2;

amqp_bytes_t bytes(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }

/// A delivery's tag is its number, as there is one channel, and every message is sent.
class AmqpSource final : public Source {
 public:
  explicit AmqpSource(const Settings& settings) : connection_(settings.amqp) {
    most_unacknowledged_ = std::max<uint64_t>(1, std::min<uint64_t>(kAcknowledgeAtOnce, settings.prefetch / 4));
    amqp_basic_qos(connection_.get(), AmqpConnection::kChannel, 0, settings.prefetch, false);
    connection_.expect_ok("basic.qos");
    amqp_basic_consume_t consume{};
    consume.queue = bytes(settings.source);
    consume.nowait = true;  // an answer could have deliveries behind it, which rabbitmq-c would read
    connection_.method(AmqpConnection::kChannel, AMQP_BASIC_CONSUME_METHOD, &consume);
    connection_.flush();
  }

  void read(Sink& sink, uint64_t, bool readable) override {
    if (!readable) return;
    connection_.read([&] { return sink.has_room(); }, [&](amqp_frame_t& frame) { take(frame, sink); });
  }
  [[nodiscard]] uint64_t sent() const override { return sent_; }

  void settle(uint64_t number) override {
    bool enough = number - acknowledged_ >= most_unacknowledged_ || number == sent_;
    if (number > acknowledged_ && enough) acknowledge(number);
    connection_.flush();
    settled_ = number;
  }
  void finish() override {
    if (settled_ > acknowledged_) acknowledge(settled_);
    connection_.close();
  }
  [[nodiscard]] pollfd waits_for(bool reading) const override { return connection_.waits_for(reading); }

 private:
  void take(amqp_frame_t& frame, Sink& sink) {
    switch (frame.frame_type) {
      case AMQP_FRAME_HEADER:
        message_ = {};
        message_.properties = static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded);
        body_size_ = frame.payload.properties.body_size;
        parts_.clear();
        if (!body_size_) send(sink);
        break;
      case AMQP_FRAME_BODY:
        add({static_cast<char*>(frame.payload.body_fragment.bytes), frame.payload.body_fragment.len});
        if (message_.body.size() == body_size_) send(sink);
        break;
    }
  }
  /// A body that comes in one frame is not copied.
  void add(std::string_view part) {
    if (part.size() == body_size_) {
      message_.body = part;
      return;
    }
    parts_.reserve(body_size_);
    parts_ += part;
    message_.body = parts_;
  }
  void send(Sink& sink) {
    sink.send(++sent_, message_);
    connection_.release();
  }
  void acknowledge(uint64_t number) {
    amqp_basic_ack_t ack{number, true};
    connection_.method(AmqpConnection::kChannel, AMQP_BASIC_ACK_METHOD, &ack);
    acknowledged_ = number;
  }

  AmqpConnection connection_;
  Message message_;
  uint64_t body_size_ = 0;
  std::string parts_;
  uint64_t most_unacknowledged_ = 0;
  uint64_t sent_ = 0, settled_ = 0, acknowledged_ = 0;
};

/// A confirm's tag is the message's number, because nothing else is published on the channel.
class AmqpSink final : public Sink {
 public:
  explicit AmqpSink(const Settings& settings)
      : connection_(settings.amqp), confirmations_(settings.window + settings.prefetch) {
    amqp_confirm_select(connection_.get(), AmqpConnection::kChannel);
    connection_.expect_ok("confirm.select");
    amqp_basic_publish_t publish{};
    publish.routing_key = bytes(settings.sink);
    publish.mandatory = true;
    connection_.method(AmqpConnection::kChannel, AMQP_BASIC_PUBLISH_METHOD, &publish);
    publish_ = connection_.take_encoded();
  }

  void send(uint64_t, const Message& message) override {
    connection_.encoded(publish_);
    if (message.properties) {
      connection_.content(*message.properties, message.body);
      return;
    }
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = kPersistent;
    properties.headers = table_of(*message.record);
    connection_.content(properties, message.body);
  }
  [[nodiscard]] bool has_room() const override { return connection_.unsent() < kMostUnsent; }
  void flush() override { connection_.flush(); }
  void serve(bool readable) override {
    if (!readable) return;
    connection_.read([] { return true; },
                     [this](amqp_frame_t& frame) {
                       if (frame.frame_type == AMQP_FRAME_METHOD) method(frame.payload.method);
                       connection_.release();
                     });
  }
  [[nodiscard]] uint64_t confirmed() const override { return confirmations_.whole(); }
  [[nodiscard]] pollfd waits_for() const override { return connection_.waits_for(true); }

 private:
  void method(const amqp_method_t& method) {
    if (method.id == AMQP_BASIC_RETURN_METHOD) give_up("RabbitMQ returns a message: no such queue");
    if (method.id == AMQP_BASIC_NACK_METHOD) give_up("RabbitMQ refuses a message");
    if (method.id != AMQP_BASIC_ACK_METHOD) return;
    auto& ack = *static_cast<amqp_basic_ack_t*>(method.decoded);
    if (ack.multiple)
      confirmations_.all_up_to(ack.delivery_tag);
    else
      confirmations_.one(ack.delivery_tag);
  }
  /// Views of the record's headers, as text.
  amqp_table_t table_of(rd_kafka_message_t& record) {
    rd_kafka_headers_t* headers = nullptr;
    int count = 0;
    if (rd_kafka_message_headers(&record, &headers)) return amqp_empty_table;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (; !rd_kafka_header_get_all(headers, static_cast<size_t>(count), &name, &value, &size); ++count) {
      if (count == kMostHeaders) give_up("a record with more than 32 headers");
      auto& entry = entries_[static_cast<size_t>(count)];
      entry.key = amqp_cstring_bytes(name);
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = {size, const_cast<void*>(value)};
    }
    return {count, entries_.data()};
  }

  AmqpConnection connection_;
  Confirmations confirmations_;
  std::string publish_;  ///< the frame of basic.publish, which is always the same
  std::array<amqp_table_entry_t, kMostHeaders> entries_{};
};

}  // namespace

std::unique_ptr<Source> amqp_source(const Settings& settings) { return std::make_unique<AmqpSource>(settings); }
std::unique_ptr<Sink> amqp_sink(const Settings& settings) { return std::make_unique<AmqpSink>(settings); }

}  // namespace bare
