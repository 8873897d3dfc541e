#pragma once
// The way of publications from their callers to their channels.

#include <string>
#include <vector>

#include "broker/amqp/backlog.hpp"
#include "broker/amqp/exchange_cache.hpp"
#include "broker/amqp/large_publications.hpp"
#include "broker/amqp/publish_channel.hpp"
#include "broker/amqp/publish_frames.hpp"
#include "broker/amqp/publisher_intake.hpp"
#include "broker/amqp/side_channel.hpp"

namespace mombridge::amqp {

/// Keeps the order of each caller, and the bounds of what is under way. What cannot be written now waits. Belongs to
/// the loop's thread but for publish() and give_back().
class PublishQueue {
 public:
  /// `large`: the channel of large publications, which `channel_number` is not. All outlive this.
  PublishQueue(EventLoop& loop, uint16_t channel_number, PublishChannel& channel, PublishChannel& large,
               SideChannel& side)
      : loop_(loop), channel_(channel), side_(side), intake_(channel_number), large_(large, channel) {}

  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept;
  /// [any thread, once the loop has ended] Completes what is still here as `away`.
  void give_back();

  /// Takes what callers have left, and writes what can be written. Before each sleep of the loop, with let_in() behind.
  /// Returns how long that may last at most.
  Duration write();
  /// Callers may encode again; returns whether one has left something since write().
  [[nodiscard]] bool let_in();

  /// A channel is to be opened on a connection with these limits. `look_up`: exchanges are asked for on the side
  /// channel before something is published to them.
  void channel_opens(const PublishLimits& limits, bool look_up);
  /// The channel of large publications was closed, and these are the limits now. It is opened again when it is needed.
  void limit_to(const PublishLimits& limits) { limits_ = limits; }
  /// A connection is open; `large`: it allows the channel of large publications.
  void connected(bool large) {
    blocked_ = false;
    large_.connected(large);
  }
  /// The broker takes nothing now (an alarm), or that is over.
  void block(bool blocked) { blocked_ = blocked; }

  /// The connection is gone: whether the unconfirmed publications arrived is not known, so they are published again,
  /// before all others.
  void take_back();
  /// As above, and one of them is to blame for the end of the connection. With a single one that is known to be it: it
  /// stays out of the queue and is returned, to be completed by the caller. Else null, and they go one by one.
  [[nodiscard]] Publication* take_back_and_blame();
  /// The same for a channel that is gone alone.
  [[nodiscard]] Publication* take_back_and_blame(PublishChannel& channel);
  /// A publication that was written is about to get its outcome.
  void settled(const PublishChannel& channel, const Publication& publication) {
    &channel == &channel_ ? backlog_.settled() : large_.ended(publication);
  }
  /// The broker's answer to a look-up. `why`: its words, where it does not exist.
  void exchange_answered(const std::string& name, bool exists, const std::string& why);

 private:
  [[nodiscard]] PublisherIntake::Room room() const;
  [[nodiscard]] bool has_room() const;
  void take_in();
  std::vector<Publication*> take_back_large();
  Publication* blame(const std::vector<Publication*>& unconfirmed);
  bool write_next(Publication& publication);
  bool ask_for_exchange(Publication& publication);
  bool refuse(Publication& publication, std::string why, Outcome::Cause cause);

  EventLoop& loop_;
  PublishChannel& channel_;
  SideChannel& side_;
  PublisherIntake intake_;
  Backlog backlog_;
  LargePublications large_;
  ExchangeCache exchanges_;
  PublishLimits limits_;
  bool look_up_ = true;
  bool blocked_ = false;
};

}  // namespace mombridge::amqp
