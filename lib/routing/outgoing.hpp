#pragma once
// One message on its way to one destination: what every kind of destination may need of it, and room for what a kind
// fills in.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "handler/handler.hpp"
#include "message/delivery.hpp"
#include "message/publication.hpp"
#include "reply/deadline.hpp"
#include "reply/replier.hpp"
#include "routing/dead_letter.hpp"
#include "routing/endpoint.hpp"
#include "routing/rendered.hpp"

namespace mombridge::routing {

/// What a destination has to do with a request.
enum class Part : uint8_t {
  plain,                  ///< it is no request, or nobody can answer it: it goes on as it is
  answers,                ///< this destination answers it, and no other
  without_reply_address,  ///< another destination answers it: here it goes on without its reply address
};

/// Where a reply goes, as the request or its return path says.
struct ReplyAddress {
  std::string_view address;
  std::optional<int32_t> partition;
};

/// Why a message is not where it should be.
struct Failure {
  std::string_view code;  ///< for programs, a literal
  std::string reason;     ///< for people
  std::string target;     ///< as rendered for what failed; empty: it has none, or was not rendered
  unsigned attempts = 0;  ///< that failed
};

/// Lent to a destination until completed() or finished() is called, exactly once. Reused for further messages, so that
/// its strings and lists keep their memory.
class Outgoing : public Publication, public handler::Call {
 public:
  // Set before a destination prepares it; unchanged until it has ended.
  const Delivery* delivery = nullptr;
  const Endpoint* origin = nullptr;  ///< the broker that the delivery came from
  std::string_view route;            ///< its name; empty: none took the message
  const Message* content = nullptr;  ///< what is carried: the delivery's message, or a reply to it
  Part part = Part::plain;           ///< of a route's own destination; others do not look at it
  reply::Deadline deadline;          ///< of a request that is answered
  ReplyAddress reply_address;        ///< of a reply
  Failure failure;                   ///< the last one

  // Belongs to the kind of the destination.
  Rendered rendered;
  std::unique_ptr<reply::Forwarded> forwarded;  ///< made for the first message that needs it: most never do
  std::unique_ptr<DeadLetter> dead_letter;      ///< the same

 protected:
  ~Outgoing() override = default;
};

}  // namespace mombridge::routing
