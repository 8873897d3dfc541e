#include <charconv>
#include <thread>

#include "amqp_client.hpp"

namespace load {

namespace {

void consume(AmqpLink& link, const std::string& queue, bool no_ack) {
  amqp_basic_consume(link.get(), kChannel, bytes(queue), amqp_empty_bytes, false, no_ack, false, amqp_empty_table);
  if (amqp_get_rpc_reply(link.get()).reply_type != AMQP_RESPONSE_NORMAL) give_up("cannot consume from " + queue);
}

void publish(AmqpLink& link, const std::string& queue, amqp_basic_properties_t& properties, const std::string& body) {
  properties._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = kPersistent;
  if (amqp_basic_publish(link.get(), kChannel, amqp_empty_bytes, bytes(queue), false, false, &properties,
                         bytes(body)) != AMQP_STATUS_OK)
    give_up("cannot publish to " + queue);
}

/// Waits up to 20 ms for a message.
template <class Take>
void next(AmqpLink& link, Take take) {
  amqp_envelope_t envelope;
  timeval wait{0, 20'000};
  amqp_maybe_release_buffers(link.get());
  auto got = amqp_consume_message(link.get(), &envelope, &wait, 0);
  if (got.reply_type == AMQP_RESPONSE_NORMAL) {
    take(envelope);
    amqp_destroy_envelope(&envelope);
  } else if (got.library_error != AMQP_STATUS_TIMEOUT) {
    give_up("the AMQP connection broke");
  }
}

class AmqpRequester final : public Requester {
 public:
  AmqpRequester(const std::string& url, std::string queue, Replied replied)
      : queue_(std::move(queue)), replied_(std::move(replied)) {
    connect(out_, url);
    connect(in_, url);
    auto* made = amqp_queue_declare(in_.get(), kChannel, amqp_empty_bytes, false, false, true, true, amqp_empty_table);
    if (!made) give_up("cannot declare a private queue");
    mailbox_ = text(made->queue);
    consume(in_, mailbox_, true);
    thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
  }

  void send(uint64_t id) override {
    auto number = std::to_string(id);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_REPLY_TO_FLAG;
    properties.correlation_id = bytes(number);
    properties.reply_to = bytes(mailbox_);
    publish(out_, queue_, properties, number);
  }

 private:
  void listen(const std::stop_token& stop) {
    while (!stop.stop_requested())
      next(in_, [this](amqp_envelope_t& reply) {
        auto& id = reply.message.properties.correlation_id;
        auto* digits = static_cast<const char*>(id.bytes);
        uint64_t number = 0;
        std::from_chars(digits, digits + id.len, number);
        replied_(number);
      });
  }

  std::string queue_, mailbox_;
  Replied replied_;
  AmqpLink out_, in_;
  std::jthread thread_;
};

struct AmqpRequest {
  std::string reply_to, correlation_id, body;
  uint64_t tag;
};

class AmqpResponder final : public HoldingResponder<AmqpRequest> {
 public:
  AmqpResponder(const std::string& url, const std::string& queue, bool hold) : HoldingResponder(hold) {
    connect(link_, url);
    consume(link_, queue, false);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      next(link_, [this](amqp_envelope_t& request) {
        auto& p = request.message.properties;
        take({text(p.reply_to), text(p.correlation_id), text(request.message.body), request.delivery_tag});
      });
      answer_all([this](const AmqpRequest& request) { answer(request); });
    }
  }

  void answer(const AmqpRequest& request) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG;
    properties.correlation_id = bytes(request.correlation_id);
    publish(link_, request.reply_to, properties, request.body);
    amqp_basic_ack(link_.get(), kChannel, request.tag, false);
  }

  AmqpLink link_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Requester> amqp_requester(const std::string& url, const std::string& queue, Replied replied) {
  return std::make_unique<AmqpRequester>(url, queue, std::move(replied));
}

std::unique_ptr<Responder> amqp_responder(const std::string& url, const std::string& queue, bool hold) {
  return std::make_unique<AmqpResponder>(url, queue, hold);
}

}  // namespace load
