#include "broker/memory/broker.hpp"

#include <atomic>
#include <utility>

#include "base/event_loop.hpp"
#include "base/gate.hpp"
#include "base/inbox.hpp"
#include "broker/memory/queues.hpp"
#include "broker/pausing.hpp"

namespace mombridge::memory {

namespace {

class MemoryBroker final : public Broker, public Pausing {
 public:
  MemoryBroker(const std::string& name, const Settings& settings)
      : Broker(name), loop_(name), queues_(loop_, settings, [this](MemoryDelivery& d) { settle(d); }) {
    for (auto& s : settings.subscriptions) links_.push_back("queue " + s.source);
    if (links_.empty()) links_.emplace_back("queue #");
    loop_.before_sleep([this] { return serve(); });
  }
  ~MemoryBroker() override { stop(Duration::zero()); }

  void start(Sink& sink) override {
    queues_.open(sink);
    state_ = LinkStatus::State::up;
    loop_.start();
  }

  void publish(Publication& publication) noexcept override {
    if (!gate_.enter()) return publication.completed(Outcome::away("the broker stopped"));
    if (published_.push(&publication)) loop_.wake();
    gate_.leave();
  }

  void pause(const std::vector<bool>& paused) override {
    if (state_ != LinkStatus::State::up) return queues_.pause(paused);
    loop_.call([&] { queues_.pause(paused); });
  }

  void stop_intake() override {
    if (state_ != LinkStatus::State::up) return queues_.close_intake();
    loop_.call([this] { queues_.close_intake(); });
  }

  void stop(Duration) override {
    if (state_.exchange(LinkStatus::State::stopped) == LinkStatus::State::stopped) return;
    loop_.stop();
    queues_.close_intake();
    gate_.close();
    queues_.give_up(settled_.take(), published_.take());
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all;
    for (auto& link : links_) all.push_back({link, state_, {}});
    return all;
  }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {&loop_}; }

 private:
  void settle(MemoryDelivery& delivery) noexcept {
    if (!gate_.enter()) return queues_.settled_late(delivery);
    if (settled_.push(&delivery)) loop_.wake();
    gate_.leave();
  }

  Duration serve() {
    // Settled first: that makes room for what was published.
    for (auto* delivery : settled_.take()) queues_.settled(*delivery);
    for (auto* publication : published_.take()) queues_.add(*publication);
    auto sleep = queues_.trim(loop_.round_began());
    return settled_.empty() && published_.empty() ? sleep : Duration::zero();
  }

  std::vector<std::string> links_;
  std::atomic<LinkStatus::State> state_{LinkStatus::State::connecting};
  Gate gate_;
  Inbox<Publication> published_;
  Inbox<MemoryDelivery> settled_;
  EventLoop loop_;
  Queues queues_;
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<MemoryBroker>(section.name, static_cast<const Settings&>(*section.settings));
}

}  // namespace mombridge::memory
