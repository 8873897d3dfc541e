#pragma once
// What operators see of the ways of messages: for each event one counter, and where it is not the good one, a line of
// log. A line names its message by id and place, and never shows a body or the value of a header. Of the lines of one
// event, for one route, broker, destination and code of failure, at most one is written every few seconds: how many
// such kinds there are is bounded by the configuration, because no text of a message tells them apart.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "message/delivery.hpp"

namespace mombridge::routing {
struct Failure;
}

namespace mombridge::routing::events {

/// The message that an event is about, and the way that it goes.
struct Subject {
  const Delivery& delivery;
  const config::BrokerSection& broker;  ///< that it came from
  std::string_view route;               ///< as it is shown
  std::string to = {};                  ///< the destination, as the file says it; empty: it has none yet
  std::string_view to_target = {};      ///< rendered; empty: the destination has none, or it could not be rendered
};

/// [any thread] All of them. Views are read during the call only.
void delivered();
void replied();
/// For those who tap alone, beside what counts it: "delivered", "replied".
void went_well(const Subject& of, std::string_view what);
void retried(const Subject& of, const Failure& why, unsigned most_attempts);
void waited(const Subject& of, const std::string& reason);
void dead_lettered(const Subject& of, const Failure& why, const std::string& dead_letter);
/// A dead letter went without a part that its broker did not take, and without that many headers of the message.
void dead_letter_reduced(const Subject& of, std::string_view left_out, size_t headers);
/// No route takes it, or none any more since the configuration was changed.
void discarded(const Subject& of);
/// No route takes it, and it goes to the dead letter.
void unrouted(const Subject& of);
/// It would go round in a loop.
void looped(const Subject& of, std::string_view reason);
void rejected(const Subject& of, const Failure& why);
/// `first`: it is counted once, however often it is tried while it is held.
void held(const Subject& of, const Failure& why, const std::string& reason, bool first);
/// A copy went back into its source's queue, or `refused` says why it could not.
void put_back(const Subject& of, const std::string& reason, const std::string& refused);
/// One delivery is left, and no dead letter takes the message then.
void near_delivery_limit(const Subject& of, const std::string& reason);
/// `of` is the request, or the reply that came through the bridge's own queue or topic; its target is the requester's.
void reply_undeliverable(const Subject& of, const std::string& reason);
void reply_not_allowed(const Subject& of, std::string_view reply_to);
void reply_without_address(const Subject& of);
void request_forwarded();
void request_expired(const Subject& of, int64_t late_ms);
void request_too_long(const Subject& of, const std::string& why);
void error_replied();
void reply_unusable(const Subject& of, std::string_view fault);

}  // namespace mombridge::routing::events
