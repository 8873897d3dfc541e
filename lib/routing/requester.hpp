#pragma once
// The requester of a message, as the attempt that answers it sees it: how long it waits, what it is told.

#include <memory>
#include <string>
#include <string_view>

#include "reply/deadline.hpp"
#include "routing/destination.hpp"
#include "routing/reply.hpp"

namespace mombridge::routing {

struct Route;
class RouteTable;

/// Reused with its attempt. On one thread at a time.
class Requester {
 public:
  /// For the next message. `waits`: it is a request, and this attempt answers it.
  void begin(bool waits) {
    waits_ = waits;
    told_ = false;
  }
  /// Looks at the request's reply address and deadline. Returns whether it may be answered; where not, that is said,
  /// and nobody waits any more.
  bool admit(Outgoing& out, const Route& route, const RouteTable& table, const Instant& arrival);

  [[nodiscard]] bool waits() const { return waits_; }
  /// [where it waits] The deadline has passed, and nobody waits for the answer any more. A patience that is just ours
  /// ends what is forwarded, because its answer could not come back, and not what handlers here do.
  [[nodiscard]] bool gave_up(const Outgoing& out, Answers by, TimePoint now) const noexcept;
  /// Not longer than `wait`, and not beyond the deadline, so that the requester hears of it then.
  [[nodiscard]] Duration at_most(Duration wait, const Outgoing& out, TimePoint now) const;

  /// Makes `out` carry what a handler returned. The address is still to be chosen.
  void carry_reply(Outgoing& out, std::unique_ptr<OwnedMessage> content);
  /// Makes `out` carry the failure to the requester. Returns false if nobody is to be told: nobody waits, the route
  /// does not say so, or it was done already.
  [[nodiscard]] bool carry_error(Outgoing& out, const Route& route);
  /// The requester was told of a failure: what becomes of its message is in its own hands.
  [[nodiscard]] bool told() const { return told_; }
  /// Lets go of a reply, which may be large: attempts are kept for further messages.
  void end() {
    if (reply_) reply_->content.reset();
  }

 private:
  bool waits_ = false;
  bool told_ = false;
  // Made for the first message that needs them: most never do.
  std::unique_ptr<OutgoingReply> reply_;
  std::unique_ptr<ErrorReply> error_;
};

/// The address that a request names.
inline ReplyAddress address_of(const Message& request) { return {*request.reply_to, request.reply_partition}; }

}  // namespace mombridge::routing
