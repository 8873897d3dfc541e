#include "broker/amqp/acks.hpp"

namespace mombridge::amqp {

namespace {

constexpr Duration kGather = std::chrono::milliseconds(200);  ///< the longest that an acknowledgement waits for others

}  // namespace

void Acks::settled(uint64_t tag, Settlement settlement) {
  if (settlement == Settlement::accept) return tracker_.accepted(tag);
  amqp_basic_nack_t nack{.delivery_tag = tag, .multiple = 0, .requeue = settlement == Settlement::requeue};
  connection_.send(channel_, AMQP_BASIC_NACK_METHOD, &nack);
  tracker_.nacked(tag);
}

void Acks::flush(bool all) {
  tracker_.flush(
      patience_, all, [this](uint64_t tag) { ack(tag, true); }, [this](uint64_t tag) { ack(tag, false); });
  // One that stays open for long (its destination is away) must not keep the others unacknowledged: they would come
  // again after a crash, and take up the prefetch.
  if (!tracker_.gathered() || gathering_) return;
  gathering_ = loop_.after(kGather, [this] {
    gathering_ = 0;
    if (connection_.is_open()) flush(true);
  });
}

void Acks::ack(uint64_t tag, bool multiple) {
  Writer writer(connection_.out().bytes());
  writer.frame(AMQP_FRAME_METHOD, channel_, sizeof(uint32_t) + sizeof tag + 1);
  writer.number(static_cast<uint32_t>(AMQP_BASIC_ACK_METHOD));
  writer.number(tag);
  writer.octet(multiple);
  writer.octet(AMQP_FRAME_END);
}

}  // namespace mombridge::amqp
