#pragma once
// A publication as the frames of basic.publish.

#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// What the broker takes, in bytes.
struct PublishLimits {
  size_t frame_max = 0;           ///< of a whole frame, as agreed
  uint64_t max_message_size = 0;  ///< of a body
};

/// Fails for what no attempt could get through: a body over the limit, a routing key or an exchange name that is too
/// long. [any thread]
Result<> check_publication(const Publication& publication, const PublishLimits& limits);

/// Appends the frames; of a publication that was checked. Fails, and appends nothing, where its properties and headers
/// do not fit: with fewer of them it might be taken. [any thread]
Result<> write_publication(Buffer& out, uint16_t channel, const Publication& publication, const PublishLimits& limits);

}  // namespace mombridge::amqp
