#pragma once
// What a request is answered with.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http_ingress/content.hpp"

namespace mombridge::http_ingress {

/// How a request ended, as metrics count it.
enum class End : uint8_t {
  delivered,    ///< the broker has confirmed it
  replied,      ///< its reply came
  failed,       ///< a bridge on the way of the request has answered that it could not be delivered
  refused,      ///< the broker does not take this message
  timed_out,    ///< no confirm or no reply in time
  unavailable,  ///< the broker is away, or takes nothing now
  busy,         ///< too many requests are open
  stopping,     ///< the bridge is stopping
  not_allowed,  ///< no `allow` names its target
  invalid,      ///< it is no request that this takes
};
inline constexpr std::string_view kEnds[] = {"delivered",   "replied", "failed",   "refused",     "timed_out",
                                             "unavailable", "busy",    "stopping", "not_allowed", "invalid"};
inline constexpr size_t kEndCount = std::size(kEnds);

/// What is known of the message of a request that failed.
enum class Arrived : uint8_t {
  no,       ///< the broker has not got it: it may be sent again without harm
  unknown,  ///< it may have arrived, or may still
};

struct Answer {
  int status = 204;
  End end = End::delivered;
  std::string body;
  std::string type;  ///< Content-Type; empty: none
  HttpHeaders headers;
};

/// {"error": "timed_out", "message": words, "delivered": "unknown"}
[[nodiscard]] Answer failure(int status, End end, const std::string& words, Arrived arrived = Arrived::no);
/// The same, and when to try again.
[[nodiscard]] Answer try_later(int status, End end, const std::string& words, Arrived arrived = Arrived::no);

/// As it goes over the wire. `keep`: the connection goes on. `to_head`: without a body, as it answers a HEAD.
[[nodiscard]] std::string http_text(const Answer& answer, bool keep, bool to_head);

}  // namespace mombridge::http_ingress
