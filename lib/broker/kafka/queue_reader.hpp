#pragma once
// Takes what the client has fetched out of its queue, and gives it to the partitions that it is of.

#include <cstddef>
#include <vector>

#include "base/event_loop.hpp"
#include "broker/kafka/assignment.hpp"
#include "broker/kafka/fetch_queue.hpp"

namespace mombridge::kafka {

/// For the consumer's thread.
class QueueReader {
 public:
  class User {
   public:
    /// Returns true if take() may be called for the partition.
    [[nodiscard]] virtual bool takes(const PartitionReader& from) const = 0;
    /// Returns true if it may be called for many: half of what may be in flight is free.
    [[nodiscard]] virtual bool has_room(const PartitionReader& from) const = 0;
    /// A record or an event of the partition, in their order.
    virtual void take(PartitionReader& from, Fetched fetched) = 0;

   protected:
    ~User() = default;
  };

  /// All outlive this.
  QueueReader(EventLoop& loop, Assignment& assignment, User& user)
      : loop_(loop), assignment_(assignment), user_(user) {}
  ~QueueReader() { loop_.cancel(timer_); }
  QueueReader(const QueueReader&) = delete;
  QueueReader& operator=(const QueueReader&) = delete;

  /// One turn: some records, where a partition takes more. Returns true if there may be more, or strays.
  [[nodiscard]] bool read(FetchQueue& queue);
  /// Returns true if records of the partition may lie in its queue here, or the client fetches nothing of it now.
  [[nodiscard]] bool may_hold(const PartitionReader& partition) const;

  /// Events that came through the queue and are about no partition, since it was called last.
  [[nodiscard]] std::vector<Event> take_strays();

 private:
  bool prepare(PartitionReader& from);
  [[nodiscard]] bool waits(const FetchQueue& queue) const;
  bool read_queue(FetchQueue& queue);
  void count(FetchQueue& queue, const PartitionReader& from) const;
  PartitionReader* dispatch(Event event);

  EventLoop& loop_;
  Assignment& assignment_;
  User& user_;
  std::vector<Event> strays_;
  EventLoop::TimerId timer_ = 0;  ///< looks again at a partition that is waited for
};

}  // namespace mombridge::kafka
