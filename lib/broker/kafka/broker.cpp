#include "broker/kafka/broker.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/thread.hpp"
#include "broker/kafka/consumer.hpp"
#include "broker/kafka/producer.hpp"

namespace mombridge::kafka {

namespace {

class KafkaBroker final : public Broker {
 public:
  KafkaBroker(const std::string& name, const Settings& settings)
      : Broker(name), asker_(name + ":ask"), producer_(name, settings, asker_) {
    auto replies =
        static_cast<size_t>(std::ranges::count_if(settings.subscriptions, [](auto& s) { return s.replies; }));
    if (replies)
      replies_ = consumers_.emplace_back(new Consumer(name, settings, Consumer::Part::replies, asker_)).get();
    if (settings.subscriptions.size() > replies)
      consumers_.emplace_back(new Consumer(name, settings, Consumer::Part::ordinary, asker_));
  }

  void start(Sink& sink) override {
    asker_.start();
    producer_.start();
    for (auto& consumer : consumers_) consumer->start(sink);
  }

  void publish(Publication& publication) noexcept override { producer_.publish(publication); }

  [[nodiscard]] bool takes_requests() const noexcept override {
    return producer_.up() && (!replies_ || replies_->has_topic());
  }

  void stop_intake() override {
    for (auto& consumer : consumers_) consumer->stop_intake();
  }

  void stop(Duration patience) override {
    std::vector<Thread::Entry> stops{[this, patience] { producer_.stop(patience); }};
    for (auto& consumer : consumers_)
      stops.emplace_back([&consumer = *consumer, patience] { consumer.stop(patience); });
    run_all("stop", stops);
    asker_.stop();
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all{producer_.status()};
    for (auto& consumer : consumers_)
      for (auto& link : consumer->status()) all.push_back(link);
    return all;
  }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override {
    std::vector<const EventLoop*> all{&producer_.loop()};
    for (auto& consumer : consumers_) all.push_back(&consumer->loop());
    return all;
  }

 private:
  Asker asker_;
  Producer producer_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  const Consumer* replies_ = nullptr;  ///< one of them
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<KafkaBroker>(section.name, static_cast<const Settings&>(*section.settings));
}

}  // namespace mombridge::kafka
