// Which of the unconfirmed publications the broker has sent back.

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/publisher.hpp"

namespace mombridge::amqp {

void Publisher::content_header(uint64_t body_size, std::string_view properties) {
  if (!return_.active) return;
  return_.properties = properties;
  return_.body_size = body_size;
  if (!body_size) match_return();
}

void Publisher::content_body(std::string_view part) {
  if (!return_.active) return;
  return_.body.append(part);
  if (return_.body.size() >= return_.body_size) match_return();
}

// A return carries no number, but the whole message. Of unconfirmed publications that are alike to the last byte, any
// may stand for it: the same message is then sent once and refused once, whichever of the two it was.
void Publisher::match_return() {
  return_.active = false;
  auto end = base_ + slots_.size();
  auto from = std::max(return_cursor_, base_);
  std::vector<uint64_t> alike;
  for (uint64_t i = 0; i < slots_.size(); ++i) {
    auto tag = from + i < end ? from + i : base_ + (from + i - end);
    auto& slot = slots_[tag - base_];
    if (!slot.publication || slot.returned || !is_returned(*slot.publication)) continue;
    if (has_returned_properties(*slot.publication)) return mark_returned(tag);
    alike.push_back(tag);
  }
  // A broker that writes properties in its own way: to take too many for refused makes duplicates, too few loses some.
  for (auto tag : alike) mark_returned(tag);
  if (!alike.empty()) return;
  // Nothing we sent: the stream is not what it seems, and an ack could be taken for the wrong publication.
  connection_.close();
  closed({"the broker returned a message that was not published"});
}

bool Publisher::is_returned(const Publication& p) const {
  return p.mandatory && p.target == return_.routing_key && p.exchange == return_.exchange &&
         p.message->body == return_.body;
}

bool Publisher::has_returned_properties(const Publication& p) const {
  Buffer properties;
  Writer writer(properties);
  return encode_properties(writer, p) && properties.view() == return_.properties;
}

void Publisher::mark_returned(uint64_t tag) {
  slots_[tag - base_].returned = true;
  return_reasons_[tag] =
      "returned by the broker: " + return_.reason + " (target '" + printable(return_.routing_key, 256) + "')";
  return_cursor_ = tag + 1;
}

}  // namespace mombridge::amqp
