#include "broker/kafka/broker.hpp"

#include <optional>
#include <thread>

#include "broker/kafka/consumer.hpp"
#include "broker/kafka/producer.hpp"

namespace mombridge::kafka {

namespace {

class KafkaBroker final : public Broker {
 public:
  KafkaBroker(const std::string& name, const Settings& settings)
      : Broker(name), asker_(name + ":ask"), producer_(name, settings, asker_) {
    if (!settings.kafka_subscriptions.empty()) consumer_.emplace(name, settings, asker_);
  }

  void start(Sink& sink) override {
    asker_.start();
    producer_.start();
    if (consumer_) consumer_->start(sink);
  }

  void publish(Publication& publication) noexcept override { producer_.publish(publication); }

  void stop_intake() override {
    if (consumer_) consumer_->stop_intake();
  }

  void stop(Duration patience) override {
    {
      std::jthread consuming([&] {
        if (consumer_) consumer_->stop(patience);
      });
      producer_.stop(patience);
    }
    asker_.stop();
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all{producer_.status()};
    if (consumer_)
      for (auto& link : consumer_->status()) all.push_back(link);
    return all;
  }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override {
    std::vector<const EventLoop*> all{&producer_.loop()};
    if (consumer_) all.push_back(&consumer_->loop());
    return all;
  }

 private:
  Asker asker_;
  Producer producer_;
  std::optional<Consumer> consumer_;
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<KafkaBroker>(section.name, static_cast<const Settings&>(*section.settings));
}

}  // namespace mombridge::kafka
