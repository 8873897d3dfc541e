#pragma once
// From the topics that a client subscribes to, to those of other settings.

#include <functional>
#include <utility>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "broker/kafka/assignment.hpp"
#include "broker/kafka/consumer_client.hpp"

namespace mombridge::kafka {

/// Each change of a member's topics is a rebalance of its group. So there is one for all that changes at once, and it
/// waits until what is in flight from the topics that nobody takes any more is settled, or for a while: meanwhile the
/// other topics are read as before. For the loop's thread.
class Resubscription {
 public:
  /// Is called before the client subscribes.
  using Rejoins = std::function<void()>;
  /// Hears why the client cannot subscribe: then it is of no use any more.
  using Failed = std::function<void(const Error& why)>;
  /// All outlive this.
  Resubscription(EventLoop& loop, ConsumerClient& client, const Assignment& assignment, Rejoins rejoins, Failed failed);
  Resubscription(const Resubscription&) = delete;
  Resubscription& operator=(const Resubscription&) = delete;

  /// The client and the assignment have other settings now. Does nothing where the client subscribes to
  /// their topics already.
  void begin();
  /// To be called when deliveries have been settled.
  void settled();
  /// The client goes, or closes.
  void forget() { loop_.cancel(std::exchange(timer_, 0)); }
  /// Returns true while the client does not subscribe to the new topics yet.
  [[nodiscard]] bool waits() const { return timer_ != 0; }

 private:
  void subscribe();

  EventLoop& loop_;
  ConsumerClient& client_;
  const Assignment& assignment_;
  const Rejoins rejoins_;
  const Failed failed_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::kafka
