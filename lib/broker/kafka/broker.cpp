#include "broker/kafka/broker.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/certificate_ends.hpp"
#include "broker/figures.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/consumer.hpp"
#include "broker/kafka/producer.hpp"
#include "broker/pausing.hpp"
#include "broker/resubscribing.hpp"
#include "broker/token_link.hpp"
#include "token/http_post.hpp"
#include "token/source.hpp"

namespace mombridge::kafka {

namespace {

/// What clients get for their end, however little is left of the patience: usually it takes some milliseconds.
constexpr Duration kEndPatience = std::chrono::milliseconds(500);

class KafkaBroker final : public Broker, public Pausing, public Resubscribing, public Measured {
 public:
  KafkaBroker(const std::string& name, const std::shared_ptr<const Settings>& read)
      : Broker(name),
        calls_(name + ":ask"),
        figure_calls_(name + ":figures"),
        settings_(with_tokens(name, read)),
        subscribed_(settings_),
        certificates_(settings_->security.tls ? &*settings_->security.tls : nullptr),
        producer_(name, settings_, calls_) {
    for (auto part : {Consumer::Part::replies, Consumer::Part::ordinary})
      if (Consumer::has(part, *settings_))
        consumers_.emplace_back(new Consumer(name, *settings_, part, calls_, figure_calls_));
    if (Consumer::has(Consumer::Part::replies, *settings_)) replies_ = consumers_.front().get();
  }

  // Deliveries that were never settled may have kept clients until now.
  ~KafkaBroker() override {
    stop(Duration::zero());
    consumers_.clear();
    await_clients_ended(kEndPatience);
  }

  void start(Sink& sink) override {
    calls_.start();
    // With tokens when the first is there, or it is known that there is none.
    bool connect = !settings_->tokens;
    producer_.start(connect);
    for (auto& consumer : consumers_) consumer->start(sink, connect);
    if (connect) return;
    token_watch_ = settings_->tokens->watch([this] { token_changed(); });
    settings_->tokens->start();
  }

  void publish(Publication& publication) noexcept override { producer_.publish(publication); }

  [[nodiscard]] bool takes_requests() const noexcept override {
    return producer_.up() && (!replies_ || replies_->has_topic());
  }

  void pause(const std::vector<bool>& paused) override {
    for (auto& consumer : consumers_)
      if (consumer.get() != replies_) consumer->pause(*subscribed_, paused);
  }

  // A section without a subscription has no client that consumes.
  [[nodiscard]] bool can_resubscribe(const config::BrokerSettings& base) const override {
    auto& settings = static_cast<const Settings&>(base);
    bool consumes = Consumer::has(Consumer::Part::ordinary, *settings_);
    return consumes == Consumer::has(Consumer::Part::ordinary, settings) &&
           std::ranges::all_of(consumers_, [&](auto& consumer) { return consumer->can_resubscribe(settings); });
  }

  // The subscription to the replies stays, but its number may change.
  void resubscribe(const std::shared_ptr<const config::BrokerSettings>& settings, Sink& sink,
                   const std::vector<bool>& paused) override {
    subscribed_ = std::static_pointer_cast<const Settings>(settings);
    for (auto& consumer : consumers_) consumer->resubscribe(*subscribed_, sink, paused);
  }

  void stop_intake() override {
    for (auto& consumer : consumers_) consumer->stop_intake();
  }

  void stop(Duration patience) override {
    auto deadline = Clock::now() + patience;
    token_watch_ = {};
    producer_.begin_stop();
    for (auto& consumer : consumers_) consumer->begin_stop();
    for (auto& consumer : consumers_) consumer->finish_stop(deadline);
    producer_.finish_stop(deadline);
    // A call under way has a client that its owner has let go: it is not worth the whole patience.
    bool answered = true;
    for (auto* calls : {&calls_, &figure_calls_})
      answered &= calls->stop(std::clamp<Duration>(deadline - Clock::now(), Duration::zero(), kEndPatience));
    bool ended = await_clients_ended(std::max<Duration>(deadline - Clock::now(), kEndPatience));
    if (settings_->tokens) settings_->tokens->stop();
    left_behind_ = !answered || !ended || (settings_->tokens && token::http_left_behind());
    if (left_behind_) log::debug("a Kafka client is still busy, it ends by itself", {{"broker", name()}});
  }

  [[nodiscard]] bool left_behind() const override { return left_behind_; }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all{producer_.status()};
    for (auto& consumer : consumers_)
      for (auto& link : consumer->status()) all.push_back(link);
    if (settings_->tokens) all.push_back(token_link(*settings_->tokens));
    return all;
  }

  [[nodiscard]] Figures figures() const override {
    Figures all;
    all.certificates = certificates_.read();
    for (auto& consumer : consumers_) {
      auto some = consumer->figures().read();
      all.lags.insert(all.lags.end(), some.lags.begin(), some.lags.end());
    }
    return all;
  }

  void want_figures() override {
    certificates_.want();
    if (consumers_.empty()) return;
    if (!figure_calls_.ensure_started())
      figures_log_.event(log::Level::warn, "no thread to ask for lags", {{"broker", name()}});
    for (auto& consumer : consumers_) consumer->figures().want();
  }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override {
    std::vector<const EventLoop*> all{&producer_.loop()};
    for (auto& consumer : consumers_) all.push_back(&consumer->loop());
    return all;
  }

 private:
  // What was read is shared with the configuration, and says nothing of a broker that runs.
  static std::shared_ptr<const Settings> with_tokens(const std::string& name,
                                                     const std::shared_ptr<const Settings>& read) {
    if (!read->token) return read;
    auto own = std::make_shared<Settings>(*read);
    own->tokens = std::make_shared<token::Source>(name, *read->token);
    return own;
  }

  // On the source's thread. Who waits for a token need not wait any longer.
  void token_changed() {
    bool first = !std::exchange(connecting_, true);
    if (!first && !settings_->tokens->present()) return;
    producer_.token_changed();
    for (auto& consumer : consumers_) consumer->token_changed();
  }

  BlockingCalls calls_, figure_calls_;
  const std::shared_ptr<const Settings> settings_;  ///< its subscriptions may be others by now
  std::shared_ptr<const Settings> subscribed_;      ///< has the present subscriptions
  CertificateEnds certificates_;
  bool connecting_ = false;  ///< with tokens; for the source's thread
  token::Source::Watch token_watch_;
  Producer producer_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  const Consumer* replies_ = nullptr;  ///< one of them
  bool left_behind_ = false;
  log::Repeated figures_log_;
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<KafkaBroker>(section.name, std::static_pointer_cast<const Settings>(section.settings));
}

}  // namespace mombridge::kafka
