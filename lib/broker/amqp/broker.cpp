#include "broker/amqp/broker.hpp"

#include <thread>

#include "broker/amqp/consumer.hpp"
#include "broker/amqp/publisher.hpp"

namespace mombridge::amqp {

namespace {

class AmqpBroker final : public Broker {
 public:
  AmqpBroker(const std::string& name, const Settings& settings) : Broker(name), publisher_(name, settings) {
    for (size_t i = 0; i < settings.amqp_subscriptions.size(); ++i)
      consumers_.push_back(std::make_unique<Consumer>(name, settings, i));
    for (size_t i = 0; i < consumers_.size(); ++i)
      if (settings.subscriptions[i].replies) replies_ = consumers_[i].get();
  }

  void start(Sink& sink) override {
    publisher_.start();
    for (auto& consumer : consumers_) consumer->start(sink);
  }

  void publish(Publication& publication) noexcept override { publisher_.publish(publication); }

  [[nodiscard]] bool takes_requests() const noexcept override {
    return publisher_.up() && (!replies_ || replies_->has_queue());
  }

  void stop_intake() override {
    for (auto& consumer : consumers_) consumer->stop_intake();
  }

  void stop(Duration patience) override {
    std::vector<std::jthread> stopping;
    for (auto& consumer : consumers_)
      stopping.emplace_back([&consumer = *consumer, patience] { consumer.stop(patience); });
    publisher_.stop(patience);
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all{publisher_.status()};
    for (auto& consumer : consumers_) all.push_back(consumer->status());
    return all;
  }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override {
    std::vector<const EventLoop*> all{&publisher_.loop()};
    for (auto& consumer : consumers_) all.push_back(&consumer->loop());
    return all;
  }

 private:
  Publisher publisher_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  const Consumer* replies_ = nullptr;  ///< the one of the bridge's own reply queue
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<AmqpBroker>(section.name, static_cast<const Settings&>(*section.settings));
}

}  // namespace mombridge::amqp
