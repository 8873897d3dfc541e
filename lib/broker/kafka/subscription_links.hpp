#pragma once
// What the subscriptions of one consumer say of themselves: a link each.

#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "broker/broker.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// A link is up when the group has given out its partitions and where they begin is known; it fails while its group,
/// its topic or one of its partitions does. What begins to fail, and what no longer does, is one line each in the log.
/// For the consumer's thread, but for status().
class SubscriptionLinks {
 public:
  /// `settings` have this consumer's subscriptions alone.
  SubscriptionLinks(std::string broker, const Settings& settings);

  /// Other subscriptions of the same group. The links of those that stay are as they were.
  void change_to(const Settings& settings);

  [[nodiscard]] size_t size() const { return all_.size(); }

  /// Whether the group has given out its partitions; if so, it works.
  void positioned(bool is);
  /// Why the group gives out no partitions, or does not let them be kept.
  void group_fails(const std::string& reason);
  /// As group_fails(), but only while the group has not given out its partitions.
  void group_waits(const std::string& reason);
  void group_works();
  /// Why the topic of each subscription cannot be had; empty: it can. Returns whether any cannot.
  bool topics(const std::vector<std::string>& errors);
  /// By subscription: what is wrong with one of its partitions (it fails), and what is to be known (it does not).
  void partitions(std::vector<std::string> errors, std::vector<std::string> notes);

  /// [any thread] Without what is to be said of the client itself.
  [[nodiscard]] std::vector<LinkStatus> status() const;

 private:
  struct One {
    std::string topic;
    bool positioned = false;
    std::string topic_error{}, partition_error{}, note{};
    LinkStatus link{};
  };
  void show();

  const std::string broker_;
  const std::string group_;
  std::string group_error_;
  log::Repeated group_log_;
  mutable std::mutex mutex_;  ///< guards the vector, and what other threads see of its elements: their `link`
  std::vector<One> all_;      ///< by subscription
};

}  // namespace mombridge::kafka
