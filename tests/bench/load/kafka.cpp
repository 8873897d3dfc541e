#include <atomic>
#include <vector>

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

class KafkaResponder final : public Responder {
 public:
  KafkaResponder(const std::string& servers, const std::string& topic, bool hold)
      : holding_(hold),
        out_(servers),
        in_(servers, topic, [this](const rd_kafka_message_t* request) { take(request); }) {}
  [[nodiscard]] uint64_t seen() const override { return seen_; }
  void release() override { holding_ = false; }

 private:
  struct Held {
    std::string reply_to, correlation_id, body;
  };

  void take(const rd_kafka_message_t* request) {
    if (request) {
      held_.push_back({header(*request, kReplyTopic), header(*request, kCorrelationId), value_of(*request)});
      ++seen_;
    }
    if (holding_) return;
    for (auto& held : held_) out_.produce(held.reply_to, held.body, {{kCorrelationId, held.correlation_id}});
    held_.clear();
  }

  std::atomic<bool> holding_;
  std::atomic<uint64_t> seen_{0};
  std::vector<Held> held_;
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
