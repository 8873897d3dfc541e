#include "exchange.hpp"
#include "kafka_ends.hpp"

namespace load {

namespace {

constexpr const char *kReplyTopic = "kafka_replyTopic", *kCorrelationId = "kafka_correlationId";

std::string value_of(const rd_kafka_message_t& record) {
  return {static_cast<const char*>(record.payload), record.len};
}

class KafkaRequester final : public Requester {
 public:
  KafkaRequester(const std::string& servers, std::string topic, Replied replied)
      : topic_(std::move(topic)),
        mailbox_(topic_ + ".mailbox"),
        out_(servers),
        in_(servers, mailbox_, [replied = std::move(replied)](const rd_kafka_message_t* reply) {
          if (reply) replied(std::stoull(header(*reply, kCorrelationId)));
        }) {}

  void send(uint64_t id) override {
    auto number = std::to_string(id);
    out_.produce(topic_, number, {{kReplyTopic, mailbox_}, {kCorrelationId, number}});
  }

 private:
  std::string topic_, mailbox_;
  KafkaProducer out_;
  KafkaConsumer in_;
};

struct KafkaRequest {
  std::string reply_to, correlation_id, body;
};

class KafkaResponder final : public HoldingResponder<KafkaRequest> {
 public:
  KafkaResponder(const std::string& servers, const std::string& topic, bool hold)
      : HoldingResponder(hold),
        out_(servers),
        in_(servers, topic, [this](const rd_kafka_message_t* request) { serve(request); }) {}

 private:
  /// Without a request: nothing has come for a while.
  void serve(const rd_kafka_message_t* request) {
    if (request) take({header(*request, kReplyTopic), header(*request, kCorrelationId), value_of(*request)});
    answer_all([this](const KafkaRequest& held) {
      out_.produce(held.reply_to, held.body, {{kCorrelationId, held.correlation_id}});
    });
  }

  KafkaProducer out_;
  KafkaConsumer in_;
};

}  // namespace

std::unique_ptr<Requester> kafka_requester(const std::string& servers, const std::string& topic, Replied replied) {
  return std::make_unique<KafkaRequester>(servers, topic, std::move(replied));
}

std::unique_ptr<Responder> kafka_responder(const std::string& servers, const std::string& topic, bool hold) {
  return std::make_unique<KafkaResponder>(servers, topic, hold);
}

}  // namespace load
