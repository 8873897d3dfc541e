#pragma once
// Publications with a large body, which have a channel of their own.

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/amqp/publish_channel.hpp"

namespace mombridge::amqp {

/// While a body is written, nothing else can be on the same channel: so on this channel they wait for each other, and
/// on the other one, publications to other targets go on meanwhile. Those to the same target keep their order: as long
/// as a large one is here, those behind it come here, too; and a large one waits until those before it are confirmed.
/// A queue that confirms nothing must not hold up all others: so nothing waits longer than kPatience for a confirm,
/// because by then the broker has long taken what was sent before. Belongs to the loop's thread.
class LargePublications {
 public:
  /// The channel of these, and that of all others. Both outlive this.
  LargePublications(PublishChannel& channel, const PublishChannel& others) : channel_(channel), others_(others) {}

  /// A connection is open, which allows the channel or does not. Nothing may be here.
  void connected(bool allowed) {
    allowed_ = allowed;
    opened_ = false;
  }
  /// Returns true if the publication belongs here.
  [[nodiscard]] bool takes(const Publication& publication) const;
  /// Returns true if it belongs to the other channel, and must wait until what went before it here has its outcomes.
  [[nodiscard]] bool delays(const Publication& publication, TimePoint now) const;
  void add(Publication& publication, TimePoint now);
  /// Writes what can be written; `begin`: more than what is begun. Returns how long it may be until the next call.
  Duration write(const PublishLimits& limits, bool begin, TimePoint now);
  /// One that came here is about to get its outcome.
  void ended(const Publication& publication);
  /// Nothing is here that anything must wait for, or follow.
  [[nodiscard]] bool idle(TimePoint now) const { return places_.empty() || (large_ == 0 && !waits_for_confirms(now)); }
  /// The channel is gone. Those that are not written, and those that have no confirm, are written elsewhere.
  [[nodiscard]] std::vector<Publication*> take_waiting();
  [[nodiscard]] std::vector<Publication*> take_unconfirmed();

 private:
  static constexpr Duration kPatience = std::chrono::seconds(1);

  [[nodiscard]] bool waits_for_confirms(TimePoint now) const { return !waiting_.empty() || now < until_; }
  /// The next one can be written.
  [[nodiscard]] bool ready(TimePoint now) const;

  struct Waiting {
    Publication* publication;
    uint64_t after;   ///< so many of the other channel must have their outcomes before it
    TimePoint until;  ///< or it must be as late as that
  };

  PublishChannel& channel_;
  const PublishChannel& others_;
  bool allowed_ = false, opened_ = false;
  std::deque<Waiting> waiting_;
  TimePoint until_;                    ///< how long the other channel waits for what was written here
  std::multiset<std::string> places_;  ///< where those go to that have no outcome
  size_t large_ = 0;                   ///< how many of them are large
};

}  // namespace mombridge::amqp
