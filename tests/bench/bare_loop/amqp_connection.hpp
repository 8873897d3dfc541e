#pragma once
// An AMQP connection with one channel. rabbitmq-c logs in, encodes and decodes; reading and writing are done here,
// because amqp_basic_publish() makes three system calls for each message.

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <amqp.h>

#include "pump.hpp"

namespace bare {

class AmqpConnection {
 public:
  static constexpr amqp_channel_t kChannel = 1;

  explicit AmqpConnection(const std::string& url);
  ~AmqpConnection();
  AmqpConnection(const AmqpConnection&) = delete;
  AmqpConnection& operator=(const AmqpConnection&) = delete;

  /// For calls of rabbitmq-c that wait for their answer; none once read() is used.
  [[nodiscard]] amqp_connection_state_t get() const { return connection_; }
  void expect_ok(const char* what) const;

  /// Puts a method's frame into the buffer.
  void method(amqp_channel_t channel, amqp_method_number_t id, void* fields);
  /// Puts frames into the buffer that were encoded before.
  void encoded(std::string_view frames);
  /// Puts the header's frame and the body's frames into the buffer.
  void content(amqp_basic_properties_t& properties, std::string_view body);
  /// Takes the buffer's content out of it, for encoded().
  std::string take_encoded();
  /// Writes as much of the buffer as the socket takes.
  void flush();
  [[nodiscard]] size_t unsent() const { return end_ - begin_; }

  /// Hands each frame that has come to `take`, until the socket is empty or `more` returns false.
  template <class More, class Take>
  void read(More more, Take take) {
    while (more()) {
      auto size = ::recv(fd_, in_.data(), in_.size(), MSG_DONTWAIT);
      if (size <= 0) {
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        give_up("RabbitMQ has closed the connection");
      }
      decode({static_cast<size_t>(size), in_.data()}, take);
      if (static_cast<size_t>(size) < in_.size()) return;
    }
  }
  /// A message is worked off: its memory may be used again.
  void release() { amqp_maybe_release_buffers_on_channel(connection_, kChannel); }
  /// Says good-bye and waits until RabbitMQ has read all that was written before.
  void close();

  /// `reading`: whether what comes is of interest now.
  [[nodiscard]] pollfd waits_for(bool reading) const;

 private:
  template <class Take>
  void decode(amqp_bytes_t input, Take& take) {
    while (input.len) {
      amqp_frame_t frame;
      int used = amqp_handle_input(connection_, input, &frame);
      if (used < 0) give_up(std::string("RabbitMQ's frames: ") + amqp_error_string2(used));
      input.bytes = static_cast<char*>(input.bytes) + used;
      input.len -= static_cast<size_t>(used);
      if (!frame.frame_type) continue;
      if (frame.frame_type == AMQP_FRAME_METHOD) look_for_close(frame.payload.method);
      take(frame);
    }
  }
  static void look_for_close(const amqp_method_t& method);
  /// Room for a frame's payload of that size at most, behind its head.
  amqp_bytes_t begin_frame(size_t size);
  void end_frame(uint8_t type, amqp_channel_t channel, size_t size);

  amqp_connection_state_t connection_ = nullptr;
  int fd_ = -1;
  size_t frame_max_ = 0;
  std::vector<char> in_, out_;
  size_t begin_ = 0, end_ = 0;  ///< of what is unsent in out_
};

}  // namespace bare
