#pragma once
// A blocking AMQP connection with one channel, as rabbitmq-c means it to be used: one thread, one channel.

#include <string>

#include <amqp.h>

namespace faults {

class AmqpLink {
 public:
  AmqpLink() = default;
  ~AmqpLink() { close(); }
  AmqpLink(const AmqpLink&) = delete;
  AmqpLink& operator=(const AmqpLink&) = delete;

  /// Connects to the next of the URLs (commas between them), logs in and opens channel 1; false: try again later.
  /// With heartbeats where there are several: whoever could go to another node must notice that its own stands still. A
  /// single node is waited for, so that a client which was paused on purpose finds its connection again.
  bool open(const std::string& urls);
  void close();
  /// Whether there is another node to go to; known once open() was called.
  [[nodiscard]] bool several() const { return several_; }
  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }
  [[nodiscard]] amqp_connection_state_t get() const { return connection_; }

  /// Waits up to `ms` for a frame. False: none. A connection or channel that broke is closed.
  bool next(amqp_frame_t& frame, int ms);

 private:
  amqp_connection_state_t connection_ = nullptr;
  size_t tried_ = 0;
  bool several_ = false;
};

inline amqp_bytes_t bytes(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }
inline std::string text(amqp_bytes_t b) { return {static_cast<const char*>(b.bytes), b.len}; }

}  // namespace faults
