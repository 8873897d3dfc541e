#include "broker/amqp/broker.hpp"

#include <algorithm>
#include <future>
#include <ranges>

#include "broker/amqp/consumer.hpp"
#include "broker/amqp/publisher.hpp"
#include "broker/token_link.hpp"
#include "token/http_post.hpp"
#include "token/source.hpp"

namespace mombridge::amqp {

namespace {

// One thread serves all of its connections. So a message that one of them reads and another writes, from queue to queue
// or as a request's reply, crosses no thread, and one wake-up serves all. No connection blocks the thread for another.
class AmqpBroker final : public Broker {
 public:
  AmqpBroker(const std::string& name, const Settings& settings)
      : Broker(name),
        loop_(name),
        tokens_(settings.token ? std::make_unique<token::Source>(name, *settings.token) : nullptr),
        order_([this] { start_subscriptions(); }, [this] { give_way(); }),
        publisher_(loop_, name, settings, order_, tokens_.get()) {
    for (size_t i = 0; i < settings.subscriptions.size(); ++i)
      consumers_.push_back(std::make_unique<Consumer>(loop_, name, settings, i, order_, tokens_.get()));
    for (size_t i = 0; i < consumers_.size(); ++i)
      if (settings.subscriptions[i].replies) replies_ = consumers_[i].get();
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
    return publisher_.up() && (!replies_ || replies_->has_queue());
  }

  void stop_intake() override {
    if (!started_) return;
    loop_.call([this] {
      sink_ = nullptr;
      for (auto& consumer : consumers_) consumer->stop_intake();
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
        each_link(*this, [&](auto& link) { link.close_in_order(closed); });
      });
      all_closed->get_future().wait_for(patience);
      token_watch_ = {};
      if (tokens_) tokens_->stop();
      loop_.post([this] { each_link(*this, [](auto& link) { link.close(); }); });
      loop_.stop();
    }
    publisher_.give_back();
  }

  [[nodiscard]] std::vector<LinkStatus> status() const override {
    std::vector<LinkStatus> all;
    each_link(*this, [&](auto& link) { all.push_back(link.status()); });
    if (tokens_) all.push_back(token_link(*tokens_));
    return all;
  }

  [[nodiscard]] bool left_behind() const override { return tokens_ && token::http_left_behind(); }

  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {&loop_}; }

 private:
  template <class Self>
  static void each_link(Self& self, auto&& visit) {
    // The publisher first: what it has completed is settled by then, and acknowledged in the same round.
    visit(self.publisher_);
    for (auto& consumer : self.consumers_) visit(*consumer);
  }

  // The publisher begins when the first token is there, or it is known that there is none.
  void look_for_tokens() {
    token_watch_ = tokens_->watch([this] {
      loop_.post([this] {
        if (!std::exchange(publisher_begun_, true)) return publisher_.start();
        each_link(*this, [](auto& link) { link.token_changed(); });
      });
    });
    tokens_->start();
  }

  void start_subscriptions() {
    if (!sink_) return;
    for (auto& consumer : consumers_) consumer->start(*sink_);
  }

  // One subscription closes its connection for the publisher's: the last one of the file, and the one that replies come
  // through only where there is no other.
  void give_way() {
    for (auto& consumer : consumers_ | std::views::reverse)
      if (consumer.get() != replies_ && consumer->give_way()) return;
    for (auto& consumer : consumers_)
      if (consumer->give_way()) return;
  }

  Duration serve() {
    Duration sleep = Duration::max(), rest = Duration::max();
    each_link(*this, [&](auto& link) {
      sleep = std::min(sleep, link.serve());
      // The shortest rest counts, because messages of an idle connection must not wait for those of a busy one.
      rest = std::min(rest, link.rest());
    });
    loop_.rest_between_rounds(rest == Duration::max() ? Duration::zero() : rest);
    return sleep;
  }

  EventLoop loop_;
  const std::unique_ptr<token::Source> tokens_;  ///< null: the section has no `token:`
  token::Source::Watch token_watch_;
  bool publisher_begun_ = false;  ///< with a token
  PublisherFirst order_;
  Sink* sink_ = nullptr;  ///< null: nothing is to be taken in, or no longer
  Publisher publisher_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  const Consumer* replies_ = nullptr;  ///< the one of the bridge's own reply queue
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Broker> create(const config::BrokerSection& section) {
  return std::make_unique<AmqpBroker>(section.name, static_cast<const Settings&>(*section.settings));
}

}  // namespace mombridge::amqp
