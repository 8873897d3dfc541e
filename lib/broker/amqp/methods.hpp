#pragma once
// Methods between their frames and the structs of rabbitmq-c, which is the codec and nothing else: it never reads,
// writes or waits (its 0.11 blocks in calls that look harmless: rabbitmq-c #780, #519).

#include <string_view>

#include <amqp.h>
#include <amqp_framing.h>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace mombridge::amqp {

inline std::string_view view(const amqp_bytes_t& bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }
inline amqp_bytes_t bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

/// Appends a frame with the method `id`, whose struct `method` is. Fails, and appends nothing, where the frame would be
/// larger than `frame_max`.
Result<> write_method(Buffer& out, uint16_t channel, amqp_method_number_t id, void* method, size_t frame_max);

/// RabbitMQ's own: a new password or token for a connection that is open, and the answer to it. rabbitmq-c does not
/// know them. Source: rabbitmq.com/docs/oauth2, and its amqp-rabbitmq-0.9.1.json.
inline constexpr amqp_method_number_t kUpdateSecretMethod = 0x000A0046, kUpdateSecretOkMethod = 0x000A0047;
/// As write_method(), for kUpdateSecretMethod.
Result<> write_update_secret(Buffer& out, std::string_view secret, std::string_view reason, size_t frame_max);

struct MethodBytes {
  amqp_method_number_t id;  ///< 0: there are too few bytes for one
  std::string_view arguments;
};
/// A method frame's payload.
MethodBytes split_method(std::string_view payload);

/// Decodes what a server sends. One per connection; not thread-safe.
class MethodDecoder {
 public:
  MethodDecoder() { init_amqp_pool(&pool_, 4096); }
  ~MethodDecoder() { empty_amqp_pool(&pool_); }
  MethodDecoder(const MethodDecoder&) = delete;
  MethodDecoder& operator=(const MethodDecoder&) = delete;

  /// The method's struct, valid until the next call. Fails for bytes that are no such method, and for every method that
  /// no server sends: those may carry tables, whose decoder in rabbitmq-c recurses as deep as they nest (#763).
  /// connection.start, the one method of servers with a table, is not decoded here (handshake.hpp).
  Result<void*> decode(amqp_method_number_t id, std::string_view arguments);

 private:
  amqp_pool_t pool_{};
};

}  // namespace mombridge::amqp
