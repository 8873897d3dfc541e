#pragma once
// One end of an AMQP connection for tests: whole frames, written and read by a blocking socket, right or wrong as the
// test wishes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "broker/amqp/wire.hpp"

namespace mombridge::amqp::test {

inline constexpr Duration kPatience = 60s;

struct Frame {
  uint8_t type = 0;
  uint16_t channel = 0;
  std::string payload;
  /// Of a method frame: class and method; 0 elsewhere.
  [[nodiscard]] uint32_t method() const { return type == 1 ? Reader(payload).number<uint32_t>() : 0; }
  [[nodiscard]] std::string_view arguments() const { return std::string_view(payload).substr(4); }
};

std::string frame_bytes(uint8_t type, uint16_t channel, std::string_view payload);
std::string method_bytes(uint16_t channel, uint32_t method, std::string_view arguments = {});

class FrameSocket {
 public:
  FrameSocket() = default;
  explicit FrameSocket(Fd fd) : fd_(std::move(fd)) {}
  static FrameSocket connect(const std::string& host, const std::string& port);

  /// False where the other end is gone.
  bool write(std::string_view bytes);
  bool method(uint16_t channel, uint32_t id, std::string_view arguments = {}) {
    return write(method_bytes(channel, id, arguments));
  }
  /// So many bytes; nullopt at the end of the stream, on an error, and after `patience`.
  std::optional<std::string> take(size_t size, Duration patience = kPatience);
  std::optional<Frame> read(Duration patience = kPatience);
  /// Reads on until a frame with this method; others are dropped.
  std::optional<Frame> await(uint32_t method, Duration patience = kPatience);
  /// True when the other end closes within `patience`; what it sends meanwhile is dropped.
  bool await_end(Duration patience = kPatience);
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  /// False: nothing more comes, or not within the deadline (`ended_` tells them apart).
  bool receive(TimePoint deadline);

  Fd fd_;
  std::string in_;
  bool ended_ = false;
};

}  // namespace mombridge::amqp::test
