#include "broker/amqp/broker.hpp"

#include <algorithm>
#include <future>

#include "broker/amqp/consumer_set.hpp"
#include "broker/amqp/publisher.hpp"
#include "broker/amqp/queue_depths.hpp"
#include "broker/certificate_ends.hpp"
#include "broker/figure_sampler.hpp"
#include "broker/figures.hpp"
#include "broker/pausing.hpp"
#include "broker/resubscribing.hpp"
#include "broker/token_link.hpp"
#include "token/http_post.hpp"
#include "token/source.hpp"

namespace mombridge::amqp {

namespace {

/// Those that the file names, each once. A queue that belongs to its consumer's connection is shown to no other one.
std::vector<std::string> shared_queues(const Settings& settings) {
  std::vector<std::string> all;
  for (auto& s : settings.subscriptions) {
    bool own = s.queue.empty() || (s.declare && s.declare->exclusive);
    if (!own && std::ranges::find(all, s.queue) == all.end()) all.push_back(s.queue);
  }
  return all;
}

// One thread serves all of its connections. So a message that one of them reads and another writes, from queue to queue
// or as a request's reply, crosses no thread, and one wake-up serves all. No connection blocks the thread for another.
class AmqpBroker final : public Broker, public Resubscribing, public Pausing, public Measured {
 public:
  AmqpBroker(const std::string& name, const std::shared_ptr<const Settings>& settings)
      : Broker(name),
        loop_(name),
        settings_(settings),
        subscribed_(settings),
        tokens_(settings->token ? std::make_unique<token::Source>(name, *settings->token) : nullptr),
        order_([this] { start_subscriptions(); }, [this] { consumers_.give_way(); }),
        publisher_(loop_, name, *settings, order_, tokens_.get()),
        consumers_(loop_, settings,
                   [this](const Settings& with, size_t index) {
                     return std::make_unique<Consumer>(loop_, this->name(), with, index, order_, tokens_.get());
                   }),
        depths_([this](auto& queue) { return publisher_.count(queue); },
                [this](auto depths) { sampler_.put(std::move(depths)); }),
        sampler_(loop_, [this] { measure(); }),
        certificates_(settings->endpoints.front().tls.get()) {
    publisher_.on_counted([this](auto& queue, auto messages) { depths_.answered(queue, messages); });
    loop_.before_sleep([this] { return serve(); });
  }
  ~AmqpBroker() override { stop(Duration::zero()); }

  void start(Sink& sink) override {
    started_ = true;
    sink_ = &sink;
    if (tokens_)
      look_for_tokens();
    else
      loop_.post([this] { publisher_.start(); });
    loop_.start();
  }

  void publish(Publication& publication) noexcept override { publisher_.publish(publication); }

  [[nodiscard]] bool takes_requests() const noexcept override {
    auto* replies = consumers_.replies();
    return publisher_.up() && (!replies || replies->has_queue());
  }

  [[nodiscard]] bool can_resubscribe(const config::BrokerSettings&) const override { return true; }

  void resubscribe(const std::shared_ptr<const config::BrokerSettings>& settings, Sink& sink,
                   const std::vector<bool>& paused) override {
    loop_.call([&] {
      sink_ = &sink;
      subscribed_ = std::static_pointer_cast<const Settings>(settings);
      consumers_.change_to(subscribed_, sink_, paused);
    });
  }

  void pause(const std::vector<bool>& paused) override {
    if (!started_) return consumers_.change_to(subscribed_, nullptr, paused);
    loop_.call([&] {
      if (sink_) consumers_.change_to(subscribed_, sink_, paused);
    });
  }

  void stop_intake() override {
    if (!started_) return;
    loop_.call([this] {
      sink_ = nullptr;
      consumers_.stop_intake();
    });
  }

  void stop(Duration patience) override {
    if (std::exchange(started_, false)) {
      auto all_closed = std::make_shared<std::promise<void>>();
      loop_.post([this, all_closed] {
        auto open = std::make_shared<size_t>(1 + consumers_.size());
        auto closed = [all_closed, open] {
          if (!--*open) all_closed->set_value();
        };
        each_link([&](auto& link) { link.close_in_order(closed); });
      });
      all_closed->get_future().wait_for(patience);
      token_watch_ = {};
      if (tokens_) tokens_->stop();
      loop_.post([this] { each_link([](auto& link) { link.close(); }); });
      loop_.stop();
    }
    publisher_.give_back();
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all{publisher_.status()};
    for (auto& link : consumers_.status()) all.push_back(std::move(link));
    if (tokens_) all.push_back(token_link(*tokens_));
    return all;
  }

  [[nodiscard]] Figures figures() const override {
    auto all = sampler_.read();
    all.certificates = certificates_.read();
    return all;
  }

  void want_figures() override {
    sampler_.want();
    certificates_.want();
  }

  [[nodiscard]] bool left_behind() const override { return tokens_ && token::http_left_behind(); }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {&loop_}; }

 private:
  void each_link(auto&& visit) {
    // The publisher first: what it has completed is settled by then, and acknowledged in the same round.
    visit(publisher_);
    consumers_.each(visit);
  }

  // The publisher begins when the first token is there, or it is known that there is none.
  void look_for_tokens() {
    token_watch_ = tokens_->watch([this] {
      loop_.post([this] {
        if (!std::exchange(publisher_begun_, true)) return publisher_.start();
        each_link([](auto& link) { link.token_changed(); });
      });
    });
    tokens_->start();
  }

  // A broker that has not answered the last question reads nothing now.
  void measure() {
    if (!publisher_.counting()) depths_.begin(shared_queues(*subscribed_));
  }

  void start_subscriptions() {
    if (sink_) consumers_.start(*sink_);
  }

  Duration serve() {
    Duration sleep = Duration::max(), rest = Duration::max();
    each_link([&](auto& link) {
      sleep = std::min(sleep, link.serve());
      // The shortest rest counts, because messages of an idle connection must not wait for those of a busy one.
      rest = std::min(rest, link.rest());
    });
    consumers_.close_idle();
    loop_.rest_between_rounds(rest == Duration::max() ? Duration::zero() : rest);
    return sleep;
  }

  EventLoop loop_;
  const std::shared_ptr<const Settings> settings_;  ///< the publisher's
  std::shared_ptr<const Settings> subscribed_;      ///< the same with the present subscriptions
  const std::unique_ptr<token::Source> tokens_;     ///< null: the section has no `token:`
  token::Source::Watch token_watch_;
  bool publisher_begun_ = false;  ///< with a token
  PublisherFirst order_;
  Sink* sink_ = nullptr;  ///< null: nothing is to be taken in, or no longer
  Publisher publisher_;
  ConsumerSet consumers_;
  QueueDepths depths_;
  FigureSampler sampler_;
  CertificateEnds certificates_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<AmqpBroker>(section.name, std::static_pointer_cast<const Settings>(section.settings));
}

}  // namespace mombridge::amqp
