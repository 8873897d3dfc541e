#pragma once
// What the programs here share: the times of what is under way, and how long they wait for it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "exchange.hpp"

namespace load {

constexpr auto kPatience = std::chrono::seconds(120);  ///< without a reply, or a message, that is new

/// How long each took, by its number: sent() on one thread, arrived() on another.
class Clocks {
 public:
  explicit Clocks(size_t count) : sent_(count), took_(count) {}
  void sent(uint64_t id) { sent_[id] = Clock::now(); }
  void arrived(uint64_t id) {
    if (id >= took_.size()) return void(++first_);
    auto us = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - sent_[id].load()).count() / 1000.0;
    if (took_[id].exchange(us) == 0) ++arrived_;
  }
  [[nodiscard]] uint64_t arrived() const { return arrived_; }
  /// Of those beyond the count.
  [[nodiscard]] uint64_t first() const { return first_; }
  void print() const {
    for (auto& us : took_) std::cout << us << '\n';
  }

 private:
  std::vector<std::atomic<Clock::time_point>> sent_;
  std::vector<std::atomic<double>> took_;  ///< 0: not there yet
  std::atomic<uint64_t> arrived_{0}, first_{0};
};

inline std::string broker(bool kafka) {
  auto* address = std::getenv(kafka ? "MOMBRIDGE_TEST_KAFKA" : "MOMBRIDGE_TEST_AMQP");
  if (!address) give_up("the environment does not say where the brokers are");
  return address;
}

/// Waits until counter() returns `count`.
template <class Counter>
void wait_for(uint64_t count, Counter counter, const char* what) {
  auto last = Clock::now();
  for (uint64_t before = 0, now = 0; (now = counter()) < count;
       std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    if (now != before) last = Clock::now();
    before = now;
    if (Clock::now() - last > kPatience)
      give_up(std::to_string(count - now) + " of " + std::to_string(count) + " " + what + " did not come");
  }
}

}  // namespace load
