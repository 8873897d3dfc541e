#pragma once
// What the tests of the driver's parts share: a loop, a publication, a sink, and waiting.

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "broker/blocking_calls.hpp"
#include "message/delivery.hpp"
#include "message/publication.hpp"
#include "test_settings.hpp"

namespace mombridge::kafka {

/// Long, because only a failure takes it.
inline constexpr Duration kPatience = 20s;

inline bool await(const std::function<bool()>& condition, Duration patience = kPatience) {
  for (auto end = Clock::now() + patience; Clock::now() < end; std::this_thread::sleep_for(1ms))
    if (condition()) return true;
  return condition();
}

class TestPublication final : public Publication {
 public:
  explicit TestPublication(std::string topic, std::string body = "body")
      : topic_(std::move(topic)), body_(std::move(body)) {
    content_.body = body_;
    message = &content_;
    target = topic_;
  }
  void completed(Outcome result) noexcept override {
    outcome = std::move(result);
    ++completions;
  }
  std::atomic<int> completions{0};
  Outcome outcome;  ///< of the last completion

 private:
  const std::string topic_, body_;
  Message content_;
};

/// Keeps what it gets. [the loop's thread]
class KeepingSink final : public Sink {
 public:
  void receive(DeliveryHandle delivery) noexcept override {
    bodies.emplace_back(delivery->message.body);
    kept.push_back(std::move(delivery));
  }
  void settle_all(Settlement settlement) {
    for (auto& delivery : std::exchange(kept, {})) settle(std::move(delivery), settlement);
  }
  std::vector<DeliveryHandle> kept;
  std::vector<std::string> bodies;
};

/// A loop that runs, and calls that block. What a test makes on the loop it ends there too, in TearDown().
class PartTest : public testing::Test {
 protected:
  void SetUp() override {
    log::init(log::Level::off, log::Format::text);
    calls.start();
    loop.start();
  }
  void TearDown() override {
    loop.call([this] { end(); });
    loop.stop();
  }
  virtual void end() {}
  void on_loop(const EventLoop::Task& task) { loop.call(task); }
  /// Runs `turn` on the loop until it returns true.
  [[nodiscard]] bool turn_until(const std::function<bool()>& turn, Duration patience = kPatience) {
    return await(
        [&] {
          bool done = false;
          loop.call([&] { done = turn(); });
          return done;
        },
        patience);
  }

  EventLoop loop{"loop"};
  BlockingCalls calls{"calls"};
};

}  // namespace mombridge::kafka
