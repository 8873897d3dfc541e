#include "broker/amqp/give_back.hpp"

#include <utility>

namespace mombridge::amqp {

namespace {

constexpr int kChecks = 4;  ///< in the time after which messages are given back
constexpr Duration kAfterByDefault = std::chrono::minutes(1);

}  // namespace

GiveBack::GiveBack(EventLoop& loop, Duration after, std::string needs_consumer, User& user)
    : loop_(loop),
      after_(after > Duration::zero() ? after : kAfterByDefault),
      needs_consumer_(needs_consumer.empty() && after == Duration::zero() ? "give_back_after is 0"
                                                                          : std::move(needs_consumer)),
      user_(user) {}

void GiveBack::begin() {
  timer_ = loop_.after(after_ / kChecks, [this] {
    timer_ = 0;
    check();
  });
}

void GiveBack::check() {
  auto waiting = user_.waiting_since(Clock::now() - after_);
  if (waiting != Waiting::long_enough) kept_ = false;
  if (waiting == Waiting::nothing) return;
  if (waiting == Waiting::long_enough && state_ != State::paused) {
    if (!must_keep())
      user_.give_back();
    else if (!std::exchange(kept_, true))
      user_.keep(needs_consumer_);
  }
  watch();
}

}  // namespace mombridge::amqp
