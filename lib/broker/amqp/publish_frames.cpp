#include "broker/amqp/publish_frames.hpp"

#include <algorithm>
#include <string>

#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

Result<> check_publication(const Publication& p, const PublishLimits& limits) {
  if (auto size = p.message->body.size(); size > limits.max_message_size)
    return fail("a body of " + std::to_string(size) + " bytes is over the broker's limit of " +
                std::to_string(limits.max_message_size) + " (max_message_size)");
  if (auto longest = std::max(p.target.size(), options_of(p).exchange.size()); longest > kLongestShortString)
    return fail("a routing key or exchange of " + std::to_string(longest) + " bytes: AMQP takes at most " +
                std::to_string(kLongestShortString));
  return {};
}

// basic.publish: reserved, exchange, routing-key, bits (mandatory, immediate); then the content header.
Result<> write_head(OutFrames& frames, uint16_t channel, const Publication& p, const PublishLimits& limits) {
  auto& out = frames.bytes();
  size_t rollback = out.size();
  Writer writer(out);
  constexpr size_t kMethodAndBits = sizeof(uint32_t) + sizeof(uint16_t) + 1;
  writer.frame(AMQP_FRAME_METHOD, channel, kMethodAndBits + 1 + options_of(p).exchange.size() + 1 + p.target.size());
  writer.number(static_cast<uint32_t>(AMQP_BASIC_PUBLISH_METHOD));
  writer.number(uint16_t{0});
  writer.short_string(options_of(p).exchange);
  writer.short_string(p.target);
  writer.octet(options_of(p).mandatory);
  writer.octet(AMQP_FRAME_END);

  auto begin = writer.begin_frame(AMQP_FRAME_HEADER, channel);
  writer.number(static_cast<uint16_t>(AMQP_BASIC_CLASS));
  writer.number(uint16_t{0});
  writer.number(static_cast<uint64_t>(p.message->body.size()));
  auto encoded = encode_properties(writer, p, options_of(p).author);
  size_t part = limits.frame_max - FrameReader::kOverhead;
  if (encoded && out.size() - begin > part)
    encoded = fail("properties and headers of " + std::to_string(out.size() - begin) +
                   " bytes do not fit a frame, which takes " + std::to_string(part) + " (the connection's frame_max)");
  if (!encoded) {
    out.truncate(rollback);
    return encoded;
  }
  writer.end_frame(begin);
  return {};
}

std::string_view write_part(OutFrames& out, uint16_t channel, const Publication& p, const PublishLimits& limits,
                            std::string_view body) {
  auto part = body.substr(0, limits.frame_max - FrameReader::kOverhead);
  Writer writer(out.bytes());
  writer.frame(AMQP_FRAME_BODY, channel, part.size());
  if (part.size() < OutFrames::kReferred)
    writer.raw(part);
  else
    out.refer(part, p, channel);
  writer.octet(AMQP_FRAME_END);
  return body.substr(part.size());
}

Result<> write_publication(OutFrames& out, uint16_t channel, const Publication& p, const PublishLimits& limits) {
  auto wrote = write_head(out, channel, p, limits);
  if (!wrote) return wrote;
  for (auto body = p.message->body; !body.empty();) body = write_part(out, channel, p, limits, body);
  return {};
}

}  // namespace mombridge::amqp
