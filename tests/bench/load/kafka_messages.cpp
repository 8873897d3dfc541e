#include "kafka_ends.hpp"
#include "messages.hpp"

namespace load {

namespace {

class KafkaSender final : public Sender {
 public:
  KafkaSender(const std::string& servers, std::string topic, size_t size, unsigned linger_ms)
      : topic_(std::move(topic)), size_(size), out_(servers, linger_ms), partitions_(out_.partitions(topic_)) {}

  void send(uint64_t number) override {
    auto body = body_of(number, size_);
    out_.produce(topic_, body, {{kNumber, body.substr(0, kDigits)}, {kTarget, target_of(number)}, kTrace},
                 static_cast<int32_t>(number % static_cast<uint64_t>(partitions_)));
  }
  void finish() override { out_.finish(); }

 private:
  std::string topic_;
  size_t size_;
  KafkaProducer out_;
  int32_t partitions_;
};

class KafkaReceiver final : public Receiver {
 public:
  KafkaReceiver(const std::string& servers, const std::string& topic, Taken taken)
      : in_(
            servers, topic,
            [taken = std::move(taken)](const rd_kafka_message_t* record) {
              if (!record) return;
              std::string_view body{static_cast<const char*>(record->payload), record->len};
              taken(number_of(body), body.size(),
                    has_headers(body, [&](const char* name) { return header(*record, name); }));
            },
            KafkaConsumer::From::beginning) {}

 private:
  KafkaConsumer in_;
};

}  // namespace

std::unique_ptr<Sender> kafka_sender(const std::string& servers, const std::string& topic, size_t size,
                                     unsigned linger_ms) {
  return std::make_unique<KafkaSender>(servers, topic, size, linger_ms);
}

std::unique_ptr<Receiver> kafka_receiver(const std::string& servers, const std::string& topic, Taken taken) {
  return std::make_unique<KafkaReceiver>(servers, topic, std::move(taken));
}

}  // namespace load
