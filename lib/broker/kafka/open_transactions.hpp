#pragma once
// Transactions that stay open, over all partitions of an assignment.

#include <functional>
#include <string>

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "broker/kafka/assignment.hpp"

namespace mombridge::kafka {

/// Looks every few seconds whether a partition stands still before an open transaction, and says so: a warning when it
/// has for long (at most one a minute), a line when it no longer does. For the consumer's thread.
class OpenTransactions {
 public:
  /// `waits`: whether records of the partition may lie in a queue here; `changed`: a note is to be shown, or no longer.
  /// The loop and the assignment outlive this.
  OpenTransactions(EventLoop& loop, std::string broker, const Assignment& assignment,
                   std::function<bool(const PartitionReader&)> waits, std::function<void()> changed);

  /// Looks from now on, until the assignment is empty. The client outlives its assignment.
  void watch(rd_kafka_t* client);
  /// What is to be known of a partition; empty: nothing.
  [[nodiscard]] static std::string note(const PartitionReader& partition);

 private:
  void look();
  bool look(PartitionReader& partition);

  EventLoop& loop_;
  const std::string broker_;
  const Assignment& assignment_;
  const std::function<bool(const PartitionReader&)> waits_;
  const std::function<void()> changed_;
  rd_kafka_t* client_ = nullptr;
  EventLoop::TimerId timer_ = 0;
  log::Repeated log_{std::chrono::minutes(1)};
};

}  // namespace mombridge::kafka
