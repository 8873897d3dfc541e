#pragma once
// The channels of a connection: what comes on each goes to who opened it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/methods.hpp"

namespace mombridge::amqp {

/// What comes on one channel, all on the loop's thread. Any of these may close the connection. Views are valid during
/// the call only.
class ChannelUser {
 public:
  /// basic.deliver and basic.ack, the frequent ones, are not decoded: `decoded` is null and `arguments` holds their
  /// bytes. Of all others `decoded` is the struct of rabbitmq-c.
  virtual void method(amqp_method_number_t id, void* decoded, std::string_view arguments) = 0;
  /// `properties`: flags and values.
  virtual void content_header(uint64_t body_size, std::string_view properties) = 0;
  /// `part`: as much of the body as has come, perhaps in what content_room() has returned.
  virtual void content_body(std::string_view part) = 0;
  /// Where the next part of the body shall be received, of which at least `size` bytes are on their way; empty: it may
  /// be anywhere. Memory for up to `size` bytes, which stays until the call that follows on this connection.
  virtual std::span<char> content_room(size_t size) {
    static_cast<void>(size);
    return {};
  }

 protected:
  ~ChannelUser() = default;
};

/// Not thread-safe.
class Channels {
 public:
  /// From now on, what comes on `number` goes to `user`, which outlives clear() or the next open() of this number.
  void open(uint16_t number, ChannelUser& user);
  /// The connection is gone.
  void clear() { users_.clear(); }
  /// Hands a frame of a channel (not 0) to its user. The error, after which the connection cannot go on, says what is
  /// wrong with the frame.
  Result<> take(const Frame& frame);
  /// As ChannelUser::content_room() of that channel.
  [[nodiscard]] std::span<char> content_room(uint16_t channel, size_t size) {
    auto* user = channel < users_.size() ? users_[channel] : nullptr;
    return user ? user->content_room(size) : std::span<char>();
  }

 private:
  Result<> method(ChannelUser& user, std::string_view payload);

  std::vector<ChannelUser*> users_;  ///< by number; null: was never opened on this connection
  MethodDecoder decoder_;
};

/// What is wrong with a frame of that type.
tl::unexpected<Error> unknown_frame(uint8_t type);

}  // namespace mombridge::amqp
