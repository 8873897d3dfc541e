#pragma once
// What the tests of the suite share: publications that count their completions, a sink that records, a broker with
// both.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "adapter.hpp"
#include "own_message.hpp"

namespace mombridge::conformance {

/// How long a test waits for what must come. Long, because only a failure takes it.
inline constexpr Duration kPatience = 60s;
/// How long a test watches that nothing more comes.
inline constexpr Duration kQuiet = 300ms;

/// [any thread] A count that can be waited for.
class Count {
 public:
  void add() {
    std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }
  [[nodiscard]] size_t value() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  [[nodiscard]] bool await(size_t least, Duration patience = kPatience) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return value_ >= least; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  size_t value_ = 0;
};

class Outbox;

/// One publication with all that it views.
class Sent final : public Publication {
 public:
  Sent(Outbox& outbox, std::string target, OwnMessage own);
  void completed(Outcome outcome) noexcept override;
  /// In addition to the message's headers; before it is published.
  void add_headers(std::vector<OwnHeader> headers);

  std::atomic<int> completions{0};
  Outcome outcome;  ///< of the last completion; read it after waiting for it

 private:
  Outbox& outbox_;
  std::string own_target_;
  OwnMessage own_;
  std::vector<OwnHeader> own_headers_;
  std::deque<std::vector<Header>> storage_;
  Message message_;
};

/// [any thread] Everything that a test published.
class Outbox {
 public:
  Sent& add(const std::string& target, OwnMessage message);
  Sent& publish(Broker& broker, const std::string& target, OwnMessage message);
  Sent& publish(Broker& broker, const std::string& target, const std::string& body);
  void publish_numbers(Broker& broker, const std::string& target, int from, int to);

  [[nodiscard]] size_t size() const;
  /// All completed, and each just once.
  [[nodiscard]] bool await_all(Duration patience = kPatience) const { return completed.await(size(), patience); }
  [[nodiscard]] size_t with(Outcome::Kind kind) const;
  /// Publications that were not completed just once; 0 is right.
  [[nodiscard]] size_t wrongly_completed() const;
  /// Of the first publication that has another outcome than delivered.
  [[nodiscard]] std::string complaint() const;

  Count completed;

 private:
  mutable std::mutex mutex_;
  std::deque<Sent> sent_;
};

/// A sink that copies what arrives and, unless told what to do with it, holds it.
class Recorder final : public Sink {
 public:
  struct Arrival {
    std::string target;
    OwnMessage message;
  };
  using Action = std::function<void(DeliveryHandle)>;

  void receive(DeliveryHandle delivery) noexcept override;
  /// Before anything can arrive. [any of the broker's threads]
  void on_delivery(Action action) { action_ = std::move(action); }
  void accept_all();

  [[nodiscard]] std::vector<Arrival> arrivals() const;
  [[nodiscard]] std::vector<std::string> bodies() const;
  [[nodiscard]] std::set<std::string> distinct() const;
  /// The held ones, oldest first; they are the caller's then.
  std::vector<DeliveryHandle> take();
  /// Waits until so many are held, and takes them.
  std::vector<DeliveryHandle> await_held(size_t least, Duration patience = kPatience);
  [[nodiscard]] bool await_distinct(size_t least, Duration patience = kPatience) const;
  [[nodiscard]] bool await_all_of(const std::set<std::string>& bodies, Duration patience = kPatience) const;

  Count arrived;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Arrival> arrivals_;
  std::set<std::string> distinct_;
  std::vector<DeliveryHandle> held_;
  Action action_;
};

/// A started broker and its sink; stopped, its deliveries dropped, and destroyed in the order that Broker demands.
class Node {
 public:
  Node(Adapter& adapter, const Wish& wish, bool accept = false);
  Node(Adapter& adapter, const Wish& wish, Recorder::Action action);
  ~Node();
  [[nodiscard]] bool await_state(LinkStatus::State state, Duration patience = kPatience) const;
  [[nodiscard]] std::string links() const;
  void stop(Duration patience = 10s) { broker->stop(patience); }

  Recorder recorder;
  std::unique_ptr<Broker> broker;
};

/// Parameter: the name of a kind.
class Conformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  [[nodiscard]] const Capabilities& can() const { return capabilities_; }

  std::unique_ptr<Adapter> adapter;
  Outbox outbox;

 private:
  Capabilities capabilities_;
};

#define MOMBRIDGE_EVERY_KIND(suite) \
  INSTANTIATE_TEST_SUITE_P(Every, suite, testing::ValuesIn(kinds()), [](auto& kind) { return kind.param; })

#define ASSERT_UP(node) ASSERT_TRUE((node).await_state(LinkStatus::State::up)) << (node).links()
#define ASSERT_ALL_DELIVERED(outbox)                                                            \
  ASSERT_TRUE((outbox).await_all()) << (outbox).completed.value() << " of " << (outbox).size(); \
  ASSERT_EQ((outbox).with(Outcome::Kind::delivered), (outbox).size()) << (outbox).complaint();  \
  ASSERT_EQ((outbox).wrongly_completed(), 0u)

}  // namespace mombridge::conformance
