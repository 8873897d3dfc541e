#pragma once
// A blocking AMQP connection with one channel, as rabbitmq-c means it to be used: one thread, one channel, no
// heartbeats.

#include <string>

#include <amqp.h>

namespace faults {

class AmqpLink {
 public:
  AmqpLink() = default;
  ~AmqpLink() { close(); }
  AmqpLink(const AmqpLink&) = delete;
  AmqpLink& operator=(const AmqpLink&) = delete;

  /// Connects, logs in and opens channel 1; false: try again later.
  bool open(const std::string& url);
  void close();
  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }
  [[nodiscard]] amqp_connection_state_t get() const { return connection_; }

  /// Waits up to `ms` for a frame. False: none. A connection or channel that broke is closed.
  bool next(amqp_frame_t& frame, int ms);

 private:
  amqp_connection_state_t connection_ = nullptr;
};

inline amqp_bytes_t bytes(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }
inline std::string text(amqp_bytes_t b) { return {static_cast<const char*>(b.bytes), b.len}; }

}  // namespace faults
