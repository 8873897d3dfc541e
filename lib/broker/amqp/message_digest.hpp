#pragma once
// A short name for a message that has none: AMQP gives messages no number that stays.

#include <string>

#include "message/message.hpp"

namespace mombridge::amqp {

/// Twelve hexadecimal digits: the beginning of the SHA-256 of all that the message is. What brokers note on a message
/// is no part of it, nor whether it was delivered before; so that the digest stays when the message is given back, or
/// copied. Equal messages have equal digests.
std::string message_digest(const Message& message);

}  // namespace mombridge::amqp
