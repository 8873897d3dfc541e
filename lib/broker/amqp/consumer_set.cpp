#include "broker/amqp/consumer_set.hpp"

#include <algorithm>
#include <ranges>
#include <tuple>
#include <utility>

namespace mombridge::amqp {

namespace {

/// Wherever they stand in a file. An expression follows from the source.
bool same(const Subscription& a, const Subscription& b) {
  auto parts = [](const Subscription& s) {
    return std::tie(s.source, s.targets, s.target_from, s.transient, s.of_route, s.drops, s.replies, s.restore, s.queue,
                    s.arguments, s.delivery_limit, s.passive_first);
  };
  auto declared = [](const QueueDeclaration& d) {
    return std::tie(d.durable, d.exclusive, d.auto_delete, d.arguments);
  };
  auto bound = [](const Binding& binding) {
    return std::tie(binding.exchange, binding.routing_keys, binding.arguments);
  };
  return parts(a) == parts(b) && a.declare.has_value() == b.declare.has_value() &&
         (!a.declare || declared(*a.declare) == declared(*b.declare)) &&
         std::ranges::equal(a.bindings, b.bindings, {}, bound, bound);
}

}  // namespace

ConsumerSet::ConsumerSet(EventLoop& loop, std::shared_ptr<const Settings> settings, Make make)
    : loop_(loop), make_(std::move(make)) {
  for (size_t i = 0; i < settings->subscriptions.size(); ++i) {
    auto& one = present_.emplace_back(One{settings, i, make_(*settings, i)});
    if (settings->subscriptions[i].replies) replies_ = one.consumer.get();
  }
}

void ConsumerSet::start(Sink& sink) {
  started_ = true;
  for (auto& one : present_) one.consumer->start(sink);
}

void ConsumerSet::change_to(const std::shared_ptr<const Settings>& settings, Sink* sink,
                            const std::vector<bool>& paused) {
  std::vector<One> next;
  std::vector<Consumer*> added;
  std::unique_lock lock(mutex_);
  for (size_t i = 0; i < settings->subscriptions.size(); ++i) {
    if (i < paused.size() && paused[i]) continue;
    auto stays = std::ranges::find_if(present_, [&](auto& one) {
      return one.consumer && same(one.settings->subscriptions[one.index], settings->subscriptions[i]);
    });
    if (stays != present_.end()) {
      if (started_) stays->consumer->hand_to(*sink, i);
      next.push_back(std::move(*stays));
    } else {
      added.push_back(next.emplace_back(One{settings, i, make_(*settings, i)}).consumer.get());
    }
  }
  std::swap(present_, next);
  lock.unlock();
  for (auto& one : next) {
    if (!one.consumer) continue;
    one.consumer->stop_intake();
    leaving_.push_back(std::move(one));
  }
  if (started_)
    for (auto* consumer : added) consumer->start(*sink);
}

void ConsumerSet::stop_intake() {
  for (auto& one : present_) one.consumer->stop_intake();
}

void ConsumerSet::close_idle() {
  for (auto& one : leaving_) {
    if (one.closing || !one.consumer->idle()) continue;
    one.closing = true;
    // Not from within its own call.
    auto closed = [this, consumer = one.consumer.get()] {
      loop_.post(
          [this, consumer] { std::erase_if(leaving_, [&](auto& gone) { return gone.consumer.get() == consumer; }); });
    };
    one.consumer->close_in_order(closed);
  }
}

void ConsumerSet::give_way() {
  for (auto& one : present_ | std::views::reverse)
    if (one.consumer.get() != replies_ && one.consumer->give_way()) return;
  for (auto& one : present_)
    if (one.consumer->give_way()) return;
}

std::vector<LinkStatus> ConsumerSet::status() const {
  std::lock_guard lock(mutex_);
  std::vector<LinkStatus> all;
  for (auto& one : present_) all.push_back(one.consumer->status());
  return all;
}

}  // namespace mombridge::amqp
