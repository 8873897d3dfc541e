// Members come and go while records are in flight.

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

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

}  // namespace
}  // namespace mombridge::kafka
