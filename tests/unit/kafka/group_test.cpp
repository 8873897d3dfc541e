// Members come and go while records are in flight.

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "broker/resubscribing.hpp"
#include "live.hpp"

namespace mombridge::kafka {
namespace {

/// Settles on a thread of its own and a little later, so that there is always something in flight.
class SlowHands {
 public:
  SlowHands()
      : thread_([this](const std::stop_token& ended) {
          while (!ended.stop_requested()) {
            std::this_thread::sleep_for(3ms);
            for (auto& d : take()) settle(std::move(d), Settlement::accept);
          }
        }) {}
  /// Before the broker is destroyed, and after it can no longer deliver.
  void stop() {
    thread_.request_stop();
    thread_.join();
    for (auto& d : take()) settle(std::move(d), Settlement::accept);
  }
  void add(DeliveryHandle d) {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(d));
  }

 private:
  std::vector<DeliveryHandle> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }
  std::mutex mutex_;
  std::vector<DeliveryHandle> waiting_;
  std::jthread thread_;
};

class Group : public Live, public testing::WithParamInterface<const char*> {
 protected:
  std::shared_ptr<Settings> member(const std::string& topic) {
    auto s = settings(topic, {{.topic = topic}});
    s->prefetch_count = 50;
    s->librdkafka.emplace_back("partition.assignment.strategy", GetParam());
    return s;
  }
  void publish_to(Broker& broker, const std::string& topic, int partition, const std::string& body) {
    auto& sent = outbox.add(topic, {.body = body});
    sent.partition = partition;
    broker.publish(sent);
  }
};
INSTANTIATE_TEST_SUITE_P(Protocols, Group, testing::Values("range,roundrobin", "cooperative-sticky"),
                         [](auto& protocols) {
                           return std::string(protocols.param).starts_with("range") ? "eager" : "cooperative";
                         });

TEST_P(Group, NothingIsLostWhileMembersComeAndGo) {
  constexpr int kCount = 6000, kLots = 6, kPartitions = 4;
  auto topic = new_topic(kPartitions);
  auto all = numbers(0, kCount);
  SlowHands first_hands;
  Node first(member(topic), false, [&](DeliveryHandle d) { first_hands.add(std::move(d)); });
  first.await_up();
  std::set<std::string> seen;
  for (int lot = 0; lot < kLots; ++lot) {
    outbox.publish_numbers(*first.broker, topic, lot * kCount / kLots, (lot + 1) * kCount / kLots);
    if (lot % 2 == 0) continue;
    SlowHands second_hands;
    Node second(member(topic), false, [&](DeliveryHandle d) { second_hands.add(std::move(d)); });
    second.await_up();
    auto some = second.recorder.arrived.value() + 10;
    // To every partition, so that there is something for the second as well.
    for (int i = 0; i < 100; ++i) publish_to(*first.broker, topic, i % kPartitions, std::to_string(i));
    EXPECT_TRUE(second.recorder.arrived.await(some));
    second.stop();
    second_hands.stop();
    seen.merge(second.recorder.distinct());
  }
  ASSERT_ALL_DELIVERED(outbox);
  std::set<std::string> left;
  std::ranges::set_difference(all, seen, std::inserter(left, left.end()));
  EXPECT_TRUE(first.recorder.await_all_of(left))
      << "of " << left.size() << " only " << first.recorder.distinct().size();
  first.stop();
  first_hands.stop();
}

TEST_P(Group, WhatIsHeldOverARevokeComesToTheNextOwnerAndItsLateSettlementIsDropped) {
  constexpr int kCount = 200;
  auto topic = new_topic(2);
  Node first(member(topic), false);
  first.await_up();
  for (int i = 0; i < kCount; ++i) publish_to(*first.broker, topic, i % 2, std::to_string(i));
  ASSERT_ALL_DELIVERED(outbox);
  auto held = first.recorder.await_held(100);
  ASSERT_EQ(held.size(), 100u) << "50 of each partition";
  std::set<std::string> seen_by_second;
  {
    // Has one of the partitions, once the first has given up waiting for it.
    std::atomic<int> partition{-1};
    Node second(member(topic), false, [&](DeliveryHandle d) {
      partition = d->partition;
      settle(std::move(d), Settlement::accept);
    });
    EXPECT_TRUE(second.recorder.arrived.await(10));
    for (auto& d : held)
      if (d->partition == partition) settle(std::move(d), Settlement::accept);
    held.clear();
    second.stop();
    seen_by_second = second.recorder.distinct();
  }
  first.stop();
  first.recorder.take();
  Node last(member(topic), true);
  std::set<std::string> left;
  std::ranges::set_difference(numbers(0, kCount), seen_by_second, std::inserter(left, left.end()));
  EXPECT_TRUE(last.recorder.await_all_of(left)) << "of " << left.size() << " only " << last.recorder.distinct().size();
}

/// Bodies by the number of their subscription.
class Numbered {
 public:
  void add(DeliveryHandle d) {
    {
      std::lock_guard lock(mutex_);
      bodies_[d->subscription].insert(std::string(d->message.body));
      ++count_;
    }
    settle(std::move(d), Settlement::accept);
  }
  [[nodiscard]] std::map<uint32_t, std::set<std::string>> bodies() {
    std::lock_guard lock(mutex_);
    return bodies_;
  }
  [[nodiscard]] size_t count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::map<uint32_t, std::set<std::string>> bodies_;
  size_t count_ = 0;
};

TEST_P(Group, ChangesItsTopicsWithoutAGapInTheLinksOfThoseThatStay) {
  auto first = new_topic(2), second = new_topic(2), prefix = unique_name();
  auto third = new_topic(1, prefix + ".third");
  auto with = [&](const std::vector<test::Entry>& subscriptions) {
    auto s = settings(first, subscriptions);
    s->librdkafka.emplace_back("partition.assignment.strategy", GetParam());
    return s;
  };
  Numbered before, after, last;
  Node node(with({{.topic = first}}), false, [&](DeliveryHandle d) { before.add(std::move(d)); });
  auto& resubscribing = dynamic_cast<Resubscribing&>(*node.broker);
  node.await_up();
  outbox.publish_numbers(*node.broker, first, 0, 1000);
  outbox.publish_numbers(*node.broker, second, 0, 100);
  outbox.publish_numbers(*node.broker, third, 0, 100);
  std::atomic<int> gaps{0};
  std::jthread watch([&](const std::stop_token& ended) {
    for (; !ended.stop_requested(); std::this_thread::sleep_for(1ms))
      for (auto& link : node.broker->status())
        if (link.link == "topic " + first && link.state != LinkStatus::State::up) ++gaps;
  });
  Recorder sink;
  sink.on_delivery([&](DeliveryHandle d) { after.add(std::move(d)); });
  auto more = with({{.topic = second}, {.topic = first}, {.topic = "^" + prefix + "\\..*"}});
  ASSERT_TRUE(resubscribing.can_resubscribe(*more));
  resubscribing.resubscribe(more, sink, {});
  auto handed = before.count();
  outbox.publish_numbers(*node.broker, first, 1000, 2000);
  EXPECT_TRUE(outbox.await_all());
  auto all = [&](Numbered& of, size_t count) {
    for (auto end = Clock::now() + kPatience; Clock::now() < end; std::this_thread::sleep_for(5ms))
      if (of.count() >= count) return true;
    return false;
  };
  EXPECT_TRUE(all(after, 2200 - handed));
  EXPECT_EQ(before.count(), handed) << "the former sink gets nothing more";
  auto bodies = after.bodies();
  EXPECT_EQ(bodies[0], numbers(0, 100));
  EXPECT_EQ(bodies[2], numbers(0, 100));
  bodies[1].merge(before.bodies()[0]);
  EXPECT_EQ(bodies[1], numbers(0, 2000));
  EXPECT_EQ(after.count() + handed, 2200u) << "none twice";
  // The first in the list goes, so that the number of the one that stays changes.
  Recorder last_sink;
  last_sink.on_delivery([&](DeliveryHandle d) { last.add(std::move(d)); });
  resubscribing.resubscribe(with({{.topic = first, .start = Start::latest}}), last_sink, {});
  outbox.publish_numbers(*node.broker, second, 100, 200);
  outbox.publish_numbers(*node.broker, first, 2000, 2100);
  EXPECT_TRUE(all(last, 100));
  EXPECT_EQ(last.bodies()[0], numbers(2000, 2100));
  std::this_thread::sleep_for(kQuiet);
  EXPECT_EQ(last.count(), 100u);
  watch.request_stop();
  watch.join();
  EXPECT_EQ(gaps, 0);
  node.stop();
  // What the topic that is gone has is still there for a member that takes it.
  Numbered rest;
  Node again(with({{.topic = second}}), false, [&](DeliveryHandle d) { rest.add(std::move(d)); });
  EXPECT_TRUE(all(rest, 100));
  EXPECT_EQ(rest.bodies()[0], numbers(100, 200));
}

}  // namespace
}  // namespace mombridge::kafka
