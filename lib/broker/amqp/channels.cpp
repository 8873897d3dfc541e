#include "broker/amqp/channels.hpp"

#include <string>

#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

tl::unexpected<Error> unknown_frame(uint8_t type) { return fail("a frame of unknown type " + std::to_string(type)); }

void Channels::open(uint16_t number, ChannelUser& user) {
  if (users_.size() <= number) users_.resize(number + size_t{1});
  users_[number] = &user;
}

Result<> Channels::take(const Frame& frame) {
  // The number comes from the other end: only what was opened may be looked up by it.
  auto* user = frame.channel < users_.size() ? users_[frame.channel] : nullptr;
  if (!user) return fail("a frame on channel " + std::to_string(frame.channel) + ", which was never opened");
  switch (frame.type) {
    case AMQP_FRAME_METHOD:
      return method(*user, frame.payload);
    case AMQP_FRAME_HEADER: {
      constexpr size_t kBeforeProperties = 12;
      Reader in(frame.payload);
      in.number<uint32_t>();  // class and weight: basic is the only class with content
      auto body_size = in.number<uint64_t>();
      if (!in.ok()) return unknown_frame(frame.type);
      user->content_header(body_size, frame.payload.substr(kBeforeProperties));
      return {};
    }
    case AMQP_FRAME_BODY:
      user->content_body(frame.payload);
      return {};
    case AMQP_FRAME_HEARTBEAT:
      return {};
    default:
      return unknown_frame(frame.type);
  }
}

Result<> Channels::method(ChannelUser& user, std::string_view payload) {
  auto [id, arguments] = split_method(payload);
  void* decoded = nullptr;
  if (id != AMQP_BASIC_DELIVER_METHOD && id != AMQP_BASIC_ACK_METHOD) {
    auto result = decoder_.decode(id, arguments);
    if (!result) return fail(result.error());
    decoded = *result;
  }
  user.method(id, decoded, arguments);
  return {};
}

}  // namespace mombridge::amqp
