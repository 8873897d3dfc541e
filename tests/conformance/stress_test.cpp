// Each publication is completed just once, whatever several threads do at the same time.

#include <random>
#include <thread>

#include "harness.hpp"

namespace mombridge::conformance {
namespace {

class Stress : public Conformance {
 protected:
  // Settles on threads of its own, one way or another, in another order than deliveries came.
  class Settlers {
   public:
    void add(DeliveryHandle d) {
      std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(d));
    }
    void start(int threads) {
      for (int t = 0; t < threads; ++t) threads_.emplace_back([this, t] { run(static_cast<unsigned>(t)); });
    }
    void stop() {
      ended_ = true;
      for (auto& thread : threads_) thread.join();
      threads_.clear();
      std::lock_guard lock(mutex_);
      waiting_.clear();
    }

   private:
    void run(unsigned seed) {
      std::mt19937 random(seed);
      while (!ended_) {
        DeliveryHandle d;
        {
          std::lock_guard lock(mutex_);
          if (!waiting_.empty()) {
            std::swap(waiting_[random() % waiting_.size()], waiting_.back());
            d = std::move(waiting_.back());
            waiting_.pop_back();
          }
        }
        if (!d)
          std::this_thread::yield();
        else if (random() % 20)
          settle(std::move(d), Settlement::accept);
        else
          d.reset();
      }
    }
    std::mutex mutex_;
    std::vector<DeliveryHandle> waiting_;
    std::vector<std::thread> threads_;
    std::atomic<bool> ended_{false};
  };

  std::vector<std::thread> publishers(Broker& broker, const std::string& target, int threads, int count) {
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([this, &broker, target, t, count] {
        for (int i = 0; i < count; ++i) outbox.publish(broker, target, std::to_string(t) + ":" + std::to_string(i));
      });
    return all;
  }
};
MOMBRIDGE_EVERY_KIND(Stress);

TEST_P(Stress, ManyThreadsPublishAndSettle) {
  constexpr int kThreads = 4, kCount = 1500;
  auto target = adapter->new_target(2);
  Settlers settlers;
  Node node(*adapter, {.target = target, .prefetch = 100}, [&](DeliveryHandle d) { settlers.add(std::move(d)); });
  ASSERT_UP(node);
  settlers.start(2);
  for (auto& thread : publishers(*node.broker, target, kThreads, kCount)) thread.join();
  bool all = outbox.await_all() && node.recorder.await_distinct(kThreads * kCount);
  node.broker->stop_intake();
  settlers.stop();
  EXPECT_TRUE(all) << outbox.completed.value() << " completed, " << node.recorder.distinct().size() << " arrived";
  EXPECT_EQ(outbox.with(Outcome::Kind::delivered), outbox.size()) << outbox.complaint();
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
}

TEST_P(Stress, StoppedInTheMiddleOfIt) {
  constexpr int kThreads = 3, kCount = 2000;
  auto target = adapter->new_target(2);
  Settlers settlers;
  {
    Node node(*adapter, {.target = target, .prefetch = 100}, [&](DeliveryHandle d) { settlers.add(std::move(d)); });
    ASSERT_UP(node);
    settlers.start(2);
    auto threads = publishers(*node.broker, target, kThreads, kCount);
    EXPECT_TRUE(node.recorder.arrived.await(200));
    node.stop();  // while they publish and settle
    for (auto& thread : threads) thread.join();
    settlers.stop();
  }
  ASSERT_TRUE(outbox.await_all(5s)) << outbox.completed.value();
  EXPECT_EQ(outbox.size(), static_cast<size_t>(kThreads * kCount));
  EXPECT_EQ(outbox.wrongly_completed(), 0u);
  EXPECT_EQ(outbox.with(Outcome::Kind::refused), 0u) << outbox.complaint();
}

}  // namespace
}  // namespace mombridge::conformance
