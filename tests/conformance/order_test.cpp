// Order: of one publishing thread to one queue, and of one key.

#include <map>
#include <thread>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Order : public Conformance {};
MOMBRIDGE_EVERY_KIND(Order);

// Arrivals that do not follow their predecessor within their series ("series:number", numbers from 0).
size_t out_of_order(const std::vector<std::string>& bodies) {
  std::map<std::string, int> next;
  size_t wrong = 0;
  for (auto& body : bodies) {
    auto colon = body.find(':');
    wrong += std::stoi(body.substr(colon + 1)) != next[body.substr(0, colon)]++;
  }
  return wrong;
}

TEST_P(Order, TenThousandFromOneThread) {
  constexpr int kCount = 10'000;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  for (int i = 0; i < kCount; ++i) outbox.publish(*node.broker, target, "m:" + std::to_string(i));
  ASSERT_ALL_DELIVERED(outbox);
  ASSERT_TRUE(node.recorder.arrived.await(kCount)) << node.recorder.arrived.value();
  EXPECT_EQ(node.recorder.arrived.value(), static_cast<size_t>(kCount));
  EXPECT_EQ(out_of_order(node.recorder.bodies()), 0u);
}

TEST_P(Order, EachOfSeveralPublishingThreadsKeepsItsOwn) {
  constexpr int kThreads = 4, kCount = 2'000;
  auto target = adapter->new_target();
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCount; ++i)
        outbox.publish(*node.broker, target, std::to_string(t) + ":" + std::to_string(i));
    });
  for (auto& thread : threads) thread.join();
  ASSERT_ALL_DELIVERED(outbox);
  ASSERT_TRUE(node.recorder.arrived.await(kThreads * kCount)) << node.recorder.arrived.value();
  EXPECT_EQ(out_of_order(node.recorder.bodies()), 0u);
}

TEST_P(Order, EachKeyKeepsItsOwnOverSeveralPartitions) {
  constexpr int kKeys = 8, kCount = 500;
  auto target = adapter->new_target(4);
  Node node(*adapter, {.target = target}, true);
  ASSERT_UP(node);
  for (int i = 0; i < kCount; ++i)
    for (int k = 0; k < kKeys; ++k) {
      auto key = "k" + std::to_string(k);
      outbox.publish(*node.broker, target, OwnMessage{.body = key + ":" + std::to_string(i), .key = key});
    }
  ASSERT_ALL_DELIVERED(outbox);
  ASSERT_TRUE(node.recorder.arrived.await(kKeys * kCount)) << node.recorder.arrived.value();
  EXPECT_EQ(out_of_order(node.recorder.bodies()), 0u);
}

}  // namespace
}  // namespace mombridge::conformance
