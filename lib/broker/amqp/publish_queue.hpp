#pragma once
// The way of publications from their callers to the channel.

#include <string>

#include "broker/amqp/backlog.hpp"
#include "broker/amqp/exchange_cache.hpp"
#include "broker/amqp/publish_channel.hpp"
#include "broker/amqp/publish_frames.hpp"
#include "broker/amqp/publisher_intake.hpp"
#include "broker/amqp/side_channel.hpp"

namespace mombridge::amqp {

/// Keeps the order of each caller, and the bounds of what is under way. What cannot be written now waits. Belongs to
/// the loop's thread but for publish() and give_back().
class PublishQueue {
 public:
  /// All outlive this.
  PublishQueue(EventLoop& loop, PublishChannel& channel, SideChannel& side)
      : loop_(loop), channel_(channel), side_(side) {}

  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept;
  /// [any thread, once the loop has ended] Completes what is still here as `away`.
  void give_back();

  /// Takes what callers have left, and writes what can be written. Before each sleep of the loop, with let_in() behind.
  void write();
  /// Callers may encode again; returns whether one has left something since write().
  [[nodiscard]] bool let_in();

  /// A channel is to be opened on a connection with these limits. `look_up`: exchanges are asked for on the side
  /// channel before something is published to them.
  void channel_opens(const PublishLimits& limits, bool look_up);
  /// The broker takes nothing now (an alarm), or that is over.
  void block(bool blocked) { blocked_ = blocked; }

  /// The channel is gone: whether the unconfirmed publications arrived is not known, so they are published again,
  /// before all others.
  void take_back();
  /// As above, and one of them is to blame for the end of the channel. With a single one that is known to be it: it
  /// stays out of the queue and is returned, to be completed by the caller. Else null, and they go one by one.
  [[nodiscard]] Publication* take_back_and_blame();
  /// A publication that was written has its outcome.
  void settled() { backlog_.settled(); }
  /// The broker's answer to a look-up. `why`: its words, where it does not exist.
  void exchange_answered(const std::string& name, bool exists, const std::string& why);

 private:
  [[nodiscard]] PublisherIntake::Room room() const;
  [[nodiscard]] bool has_room() const;
  void take_in();
  bool write_next(Publication& publication);
  bool ask_for_exchange(Publication& publication);
  bool refuse(Publication& publication, std::string why, Outcome::Cause cause);

  EventLoop& loop_;
  PublishChannel& channel_;
  SideChannel& side_;
  PublisherIntake intake_{PublishChannel::kNumber};
  Backlog backlog_;
  ExchangeCache exchanges_;
  PublishLimits limits_;
  bool look_up_ = true;
  bool blocked_ = false;
};

}  // namespace mombridge::amqp
