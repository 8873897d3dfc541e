#pragma once
// A publication as the frames of basic.publish.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "broker/amqp/out_frames.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// What the broker takes, in bytes.
struct PublishLimits {
  size_t frame_max = 0;           ///< of a whole frame, as agreed
  uint64_t max_message_size = 0;  ///< of a body
};

/// A larger body is written bit by bit, as the socket takes it, so that what else the connection has to say does not
/// wait for all of it.
inline constexpr size_t kWrittenAtOnce = 1 << 20;

/// Fails for what no attempt could get through: a body over the limit, a routing key or an exchange name that is too
/// long. [any thread]
Result<> check_publication(const Publication& publication, const PublishLimits& limits);

/// Appends the frames of a publication that was checked: those before its body. Fails, and appends nothing, where its
/// properties and headers do not fit: with fewer of them it might be taken. [any thread]
Result<> write_head(OutFrames& out, uint16_t channel, const Publication& publication, const PublishLimits& limits);
/// Appends one frame with the beginning of `body`, which is what is left of the publication's and not empty, and
/// returns what is left then. [any thread]
[[nodiscard]] std::string_view write_part(OutFrames& out, uint16_t channel, const Publication& publication,
                                          const PublishLimits& limits, std::string_view body);
/// All of it: as write_head(), and its body.
Result<> write_publication(OutFrames& out, uint16_t channel, const Publication& publication,
                           const PublishLimits& limits);

}  // namespace mombridge::amqp
