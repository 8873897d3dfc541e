#include "broker/amqp/frame_reader.hpp"

#include <algorithm>
#include <cstring>

#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

void FrameReader::reset() {
  begin_ = end_ = wanted_ = body_left_ = 0;
  frame_max_ = header_max_ = kOurFrameMax;
  error_.clear();
}

std::span<char> FrameReader::room() {
  // A buffer that grew for one large frame shrinks again, because a connection may last for months.
  if (size_t capacity = std::max(kBuffer, wanted_);
      capacity > capacity_ || (capacity_ > kBuffer && capacity == kBuffer && end_ - begin_ <= kBuffer)) {
    resize(capacity);
  } else if (begin_) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

void FrameReader::resize(size_t capacity) {
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > begin_) std::memcpy(bytes.get(), bytes_.get() + begin_, end_ - begin_);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
  end_ -= std::exchange(begin_, 0);
}

FrameReader::Got FrameReader::next(Frame& frame) {
  if (body_left_) return next_of_body(frame);
  wanted_ = 0;
  auto bytes = rest();
  constexpr size_t kBeforePayload = 7;
  if (bytes.size() < kBeforePayload) return Got::nothing;
  Reader in(bytes.substr(0, kBeforePayload));
  frame.type = in.octet();
  frame.channel = in.number<uint16_t>();
  size_t size = in.number<uint32_t>();
  if (size + kOverhead > (frame.type == AMQP_FRAME_HEADER ? header_max_ : frame_max_))
    return broken("a frame of " + std::to_string(size) + " bytes is larger than agreed");
  if (bytes.size() < size + kOverhead) {
    if (frame.type == AMQP_FRAME_BODY && size >= kInParts) {
      begin_ += kBeforePayload;
      body_left_ = size;
      body_channel_ = frame.channel;
      return next_of_body(frame);
    }
    wanted_ = size + kOverhead;
    return Got::nothing;
  }
  frame.payload = bytes.substr(kBeforePayload, size);
  if (static_cast<uint8_t>(bytes[kBeforePayload + size]) != AMQP_FRAME_END)
    return broken("a frame without its end mark");
  begin_ += size + kOverhead;
  return Got::frame;
}

// The last byte waits for the end mark, so that no message is whole before it is known that its frames are.
FrameReader::Got FrameReader::next_of_body(Frame& frame) {
  auto bytes = rest();
  bool ends = bytes.size() > body_left_;
  if (ends && static_cast<uint8_t>(bytes[body_left_]) != AMQP_FRAME_END) return broken("a frame without its end mark");
  auto part = bytes.substr(0, ends ? body_left_ : body_left_ - 1);
  if (part.empty()) return Got::nothing;
  frame = {.type = AMQP_FRAME_BODY, .channel = body_channel_, .payload = part};
  begin_ += part.size() + ends;
  body_left_ -= part.size();
  return Got::frame;
}

FrameReader::Got FrameReader::broken(std::string why) {
  error_ = std::move(why);
  return Got::broken;
}

}  // namespace mombridge::amqp
