#include "handler/publish_hold.hpp"

namespace mombridge::handler {

namespace {

void give_back(Publication& publication) {
  publication.completed(Outcome::away("the configuration that has its handler was not taken into use"));
}

}  // namespace

void PublishHold::publish(std::shared_ptr<Broker> broker, Publication& publication) noexcept {
  auto state = state_.load(std::memory_order_acquire);
  if (state == State::holding) {
    std::lock_guard lock(mutex_);
    state = state_.load(std::memory_order_relaxed);
    if (state == State::holding) {
      waiting_.emplace_back(std::move(broker), &publication);
      return;
    }
  }
  if (state == State::released)
    broker->publish(publication);
  else
    give_back(publication);
}

void PublishHold::release() {
  for (;;) {
    Waiting ready;
    {
      std::lock_guard lock(mutex_);
      // Only when nothing waits any more: else a later publication would overtake what is published below.
      if (waiting_.empty()) return state_.store(State::released, std::memory_order_release);
      ready.swap(waiting_);
    }
    for (auto& [broker, publication] : ready) broker->publish(*publication);
  }
}

void PublishHold::discard() {
  Waiting all;
  {
    std::lock_guard lock(mutex_);
    state_.store(State::discarded, std::memory_order_release);
    all.swap(waiting_);
  }
  for (auto& [broker, publication] : all) give_back(*publication);
}

}  // namespace mombridge::handler
