#pragma once
// A Publication is one message on its way to one destination, and the duty of that destination to say what became of
// it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "message/message.hpp"

namespace mombridge {

/// What became of a publication.
struct Outcome {
  enum class Kind : uint8_t {
    delivered,  ///< confirmed by the broker (publisher confirm, delivery report), or by what a memory target routed it
                ///< to
    refused,    ///< the message's fault: returned, too large, forbidden, unknown topic. Counts as an attempt
    away,       ///< not the message's fault: nacked (a full queue), timed out. Try again, count nothing
  };
  /// What a refusal is about, and so whether trying again can help.
  enum class Cause : uint8_t {
    around,   ///< something around the message, which may be mended at any time: no such queue, no permission
    message,  ///< the message itself, a name, a size, a missing key: the same message will be refused again
    size,     ///< as above, and less of it, with fewer or shorter headers, might be taken
  };
  Kind kind = Kind::delivered;
  std::string reason;  ///< empty when delivered; else one line for a person: what the broker said, which knob to turn

  Cause cause = Cause::around;  ///< of a refusal

  static Outcome refused(std::string why, Cause cause = Cause::around) {
    return {Kind::refused, std::move(why), cause};
  }
  static Outcome away(std::string why) { return {Kind::away, std::move(why)}; }
};

/// What a publication says to its own kind of broker, beside target, key and headers: an AMQP exchange, what a record's
/// time is. Made by that kind when the configuration is read or when a subscription begins, never for a message; and
/// looked into by that kind alone.
struct PublishOptions {
  virtual ~PublishOptions() = default;
  /// The exchange that the configuration names, to be shown. Null: it names none, or the kind has none.
  [[nodiscard]] virtual const std::string* named_exchange() const { return nullptr; }
};

/// Lent to Broker::publish() until completed() is called, exactly once, from any thread; the fields and everything that
/// they view stay valid and unchanged until then. The destination keeps it while it is down, and sends it when it is
/// back: being away is not an outcome but a wait.
class Publication {
 public:
  Publication() = default;
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  const Message* message = nullptr;  ///< its `target`, `key` and headers are replaced by the fields below
  std::string_view target;           ///< routing key or topic
  Message::Text key;                 ///< record key (AMQP: header mombridge-key)
  std::span<const Header> headers;   ///< in addition to the message's; replaces those of the same name
  int32_t partition = -1;            ///< of the target, where a requester asked for one; -1: by key
  /// Of the destination's kind, and made for the broker that it is published to. Null: that broker puts its own here.
  const PublishOptions* options = nullptr;

  /// [destination's thread, or the publisher's within publish()] Must not block.
  virtual void completed(Outcome outcome) noexcept = 0;
  /// [any thread, before completed()] False: its source has taken the message back, or it is a request past its
  /// deadline. A destination that has not sent it yet completes it as `away` instead.
  [[nodiscard]] virtual bool wanted() const noexcept { return true; }
  /// [any thread, before completed()] As Delivery::held(), by a destination that is inside the bridge and waits itself.
  virtual void held(bool yes) noexcept { static_cast<void>(yes); }

 protected:
  virtual ~Publication() = default;
};

}  // namespace mombridge
