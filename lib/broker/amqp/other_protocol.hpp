#pragma once
// What listens on a port that does not speak what was expected there, by the first bytes that it sends.

#include <string>
#include <string_view>

namespace mombridge::amqp {

/// Where AMQP's greeting was expected; `bytes` are not empty. Empty where they can be the beginning of one.
std::string describe_other_protocol(std::string_view bytes);

/// Where TLS was expected, and `bytes`, which are not empty, do not begin it.
std::string describe_not_tls(std::string_view bytes);

}  // namespace mombridge::amqp
