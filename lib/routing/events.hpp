#pragma once
// What operators see of the ways of messages: for each event one counter, and where it is not the good one, a line of
// log that is written at most every few seconds.

#include <string>
#include <string_view>

namespace mombridge::routing::events {

/// [any thread] All of them. Views are read during the call only.
void delivered();
void replied();
void retried(std::string_view route, const std::string& to, const std::string& reason, unsigned attempt, unsigned of);
void waited(std::string_view route, std::string_view target, const std::string& reason);
void dead_lettered(std::string_view route, std::string_view target, const std::string& reason, unsigned attempts);
/// A dead letter went without a part that its broker did not take, and without that many headers of the message.
void dead_letter_reduced(std::string_view route, std::string_view target, std::string_view left_out, size_t headers);
/// No route takes it any more since the configuration was changed.
void discarded(std::string_view broker, std::string_view target);
void rejected(std::string_view route, std::string_view target, const std::string& reason, unsigned attempts);
/// `first`: it is counted once, however often it is tried while it is held.
void held(std::string_view route, std::string_view target, const std::string& why, unsigned attempts, bool first);
/// A copy went back into its source's queue, or `refused` says why it could not.
void put_back(std::string_view broker, std::string_view queue, std::string_view target, const std::string& reason,
              const std::string& refused);
/// One delivery is left, and no dead letter takes the message then.
void near_delivery_limit(std::string_view broker, std::string_view target, const std::string& reason);
void reply_undeliverable(std::string_view broker, std::string_view reply_to, const std::string& reason);
void reply_not_allowed(std::string_view route, std::string_view broker, std::string_view reply_to);
void reply_without_address(std::string_view route);
void request_forwarded();
void request_expired(std::string_view route, int64_t late_ms);
void request_too_long(std::string_view route, const std::string& why);
void error_replied();
void reply_unusable(std::string_view broker, std::string_view route, std::string_view fault);

}  // namespace mombridge::routing::events
