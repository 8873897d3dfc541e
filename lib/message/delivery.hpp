#pragma once
// A Delivery is a message that a source received, together with the duty to settle it: acknowledge it at the source
// only after everything it was routed to has confirmed.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge {

/// What the source shall do with a delivery.
enum class Settlement : uint8_t {
  accept,   ///< done: ack, or count its offset as processed
  requeue,  ///< not done: give it back, it will be delivered again
  reject,   ///< AMQP: nack without requeue, so that the queue's own dead-letter exchange takes it. Elsewhere: accept
};

/// From a source that counts how often it delivers a message and drops it in the end: how near that is, and how a copy
/// of the message gets back into its queue, where it is counted anew. Valid as long as its delivery.
struct DeliveriesLeft {
  bool another = false;      ///< one further delivery is left: the message is handled as any other, and that is said
  bool known = true;         ///< the source's limit is known; else the message could perhaps be delivered more often
  bool dead_letter = true;   ///< it goes to the dead letter, where there is one; else it is put back even so
  std::string reason;        ///< for people and dead letters
  std::string_view back_to;  ///< target at the source's broker that leads into its own queue
  const PublishOptions* options = nullptr;  ///< of the copy
  std::array<Header, 2> headers;            ///< what the copy carries beside the message's own
};

/// Owned by its source, which makes it, hands it to the Sink, gets it back through settle() and reuses it.
/// `message` and all that it views stay valid and unchanged until settle() is called.
class Delivery {
 public:
  /// What the router keeps with a delivery; stays with it when the source reuses it, so that it need not be allocated
  /// for every message.
  struct Attachment {
    Attachment() = default;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    virtual ~Attachment() = default;
    /// [the source's thread, between receive() and settle()] Does the delivery wait for a destination that is away?
    [[nodiscard]] virtual bool away() const noexcept { return false; }
  };

  Delivery() = default;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  Message message;
  uint32_t subscription = 0;  ///< index into the broker's subscriptions
  int32_t partition = -1;     ///< where it was read, of a source that is a log; else -1
  int64_t offset = -1;        ///< in that partition
  std::unique_ptr<Attachment> attachment;
  std::unique_ptr<DeliveriesLeft>
      deliveries_left;  ///< null for nearly all: it can be delivered again as often as it takes

  /// [any thread] Exactly once per delivery. Never blocks: it posts to the source's inbox. After it, the delivery and
  /// all it views are the source's again. A settlement from an earlier connection or assignment is dropped there.
  virtual void settle(Settlement settlement) noexcept = 0;

  /// [any thread, before settle()] The broker has taken this message back and delivers it again: what is still done
  /// with it here only makes duplicates, and its settlement will be dropped.
  [[nodiscard]] virtual bool stale() const noexcept { return false; }

  /// [any thread, before settle()] The message only waits for the operator now (`yes`), or no longer does. Told in
  /// turn, and ended before settle(). For a source whose publisher waits for the settlement.
  virtual void held(bool yes) noexcept { static_cast<void>(yes); }

 protected:
  virtual ~Delivery() = default;
};

/// Dropping an unsettled delivery gives it back: nothing is lost by forgetting.
struct GiveBack {
  void operator()(Delivery* delivery) const noexcept { delivery->settle(Settlement::requeue); }
};
using DeliveryHandle = std::unique_ptr<Delivery, GiveBack>;

/// Settles and lets go of the handle.
inline void settle(DeliveryHandle delivery, Settlement settlement) noexcept { delivery.release()->settle(settlement); }

/// Where sources hand their deliveries: the router.
class Sink {
 public:
  virtual ~Sink() = default;
  /// [the source's thread] Must not block.
  virtual void receive(DeliveryHandle delivery) noexcept = 0;
};

}  // namespace mombridge
