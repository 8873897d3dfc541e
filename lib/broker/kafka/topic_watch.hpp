#pragma once
// Which of the subscribed topics cannot be had, and when they can again.

#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/kafka/subscription_links.hpp"

namespace mombridge::kafka {

/// librdkafka says that a topic is missing, but neither which, nor when it is there. So the brokers are asked for each,
/// again and again until none is missing. Shown in the links. For the loop's thread.
class TopicWatch {
 public:
  /// `settings` have this consumer's subscriptions alone. The others outlive this.
  TopicWatch(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<const Settings> settings, SubscriptionLinks& links);

  /// Other subscriptions: looks for their topics, where it looks.
  void change_to(std::shared_ptr<const Settings> settings);
  /// Looks now, and then until all topics can be had.
  void look(const SharedClient& client);
  /// Looks no more.
  void stop();

 private:
  void looked(const std::vector<std::string>& errors);

  EventLoop& loop_;
  std::shared_ptr<const Settings> settings_;
  SubscriptionLinks& links_;
  BlockingCaller caller_;
  SharedClient client_;  ///< while it looks
  bool look_again_ = false;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::kafka
