#include "broker/amqp/confirm_window.hpp"

#include <algorithm>

#include "base/buffer.hpp"
#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

namespace {

bool is_like(const Publication& p, const Returned& returned) {
  return options_of(p).mandatory && p.target == returned.routing_key && options_of(p).exchange == returned.exchange &&
         p.message->body == returned.body;
}

bool has_properties(const Publication& p, std::string_view properties) {
  Buffer encoded;
  Writer writer(encoded);
  return encode_properties(writer, p, options_of(p).author) && encoded.view() == properties;
}

}  // namespace

void ConfirmWindow::begin_channel() {
  before_ = settled();
  first_ = 1;
  return_reasons_.clear();
  return_cursor_ = 0;
}

void ConfirmWindow::add(const WrittenPublication& written, TimePoint now) {
  bytes_ += written.size;
  slots_.push_back({.publication = written.publication, .size = written.size, .written = now});
}

uint64_t ConfirmWindow::number(const Publication& publication) const {
  auto at = slots_.size();
  while (at > 0 && slots_[at - 1].publication != &publication) --at;
  return at > 0 ? first_ + at - 1 : 0;
}

// Of unconfirmed publications that are alike to the last byte, any may stand for the one that came back: the same
// message is then sent once and refused once, whichever of the two it was.
bool ConfirmWindow::match(const Returned& returned) {
  auto end = first_ + slots_.size();
  auto from = std::max(return_cursor_, first_);
  std::vector<uint64_t> alike;
  for (uint64_t i = 0; i < slots_.size(); ++i) {
    auto tag = from + i < end ? from + i : first_ + (from + i - end);
    auto& slot = slots_[tag - first_];
    if (!slot.publication || slot.returned || !is_like(*slot.publication, returned)) continue;
    if (has_properties(*slot.publication, returned.properties)) {
      mark_returned(tag, returned);
      return true;
    }
    alike.push_back(tag);
  }
  // A broker that writes properties in its own way: to take too many for refused makes duplicates, too few loses some.
  for (auto tag : alike) mark_returned(tag, returned);
  return !alike.empty();
}

void ConfirmWindow::mark_returned(uint64_t tag, const Returned& returned) {
  slots_[tag - first_].returned = true;
  return_reasons_[tag] =
      "returned by the broker: " + returned.reason + " (target '" + printable(returned.routing_key, 256) + "')";
  return_cursor_ = tag + 1;
}

std::vector<Publication*> ConfirmWindow::take_back() {
  std::vector<Publication*> unconfirmed;
  for (auto& slot : slots_)
    if (slot.publication) unconfirmed.push_back(slot.publication);
  first_ += slots_.size();
  slots_.clear();
  bytes_ = 0;
  return unconfirmed;
}

}  // namespace mombridge::amqp
