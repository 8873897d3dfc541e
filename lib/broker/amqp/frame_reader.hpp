#pragma once
// What a socket has brought, cut into frames.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mombridge::amqp {

struct Frame {
  uint8_t type = 0;
  uint16_t channel = 0;
  std::string_view payload;  ///< of a large body frame perhaps only a part: the next ones come as further frames
};

/// Holds the bytes that were received and not yet taken as frames. One per connection; not thread-safe.
class FrameReader {
 public:
  enum class Got { frame, nothing, broken };

  /// Another stream begins. Until agree() a frame may have up to kOurFrameMax bytes.
  void reset();
  /// The login has agreed on `frame_max` bytes for a whole frame. Content headers may be larger from now on, because
  /// RabbitMQ sends the properties of a message in one frame, whatever their size. They can have grown beyond the
  /// agreed size: by x-death, or by a publisher with a larger frame_max or another protocol (seen with 3.10 and 4.0).
  void agree(size_t frame_max) {
    frame_max_ = frame_max;
    header_max_ = kLargestHeader;
  }

  /// Where the next bytes of the stream go. Invalidates frames. Empty if next() must be called first.
  [[nodiscard]] std::span<char> room();
  void received(size_t bytes) { end_ += bytes; }
  /// The next frame; its payload is valid until room(). A large body frame is given part by part, as its bytes arrive,
  /// and its last byte only with its end mark behind it. broken: see error(), nothing further can be read.
  [[nodiscard]] Got next(Frame& frame);
  /// The payload of a body frame continues with so many bytes, or more, which may be received elsewhere than in room():
  /// body_received() takes note of them. 0: something else comes next, or is here already.
  [[nodiscard]] size_t body_ahead() const { return body_left_ > 0 && begin_ == end_ ? body_left_ - 1 : 0; }
  [[nodiscard]] uint16_t body_channel() const { return body_channel_; }
  void body_received(size_t bytes) { body_left_ -= bytes; }
  [[nodiscard]] const std::string& error() const { return error_; }
  /// What has not been taken as a frame.
  [[nodiscard]] std::string_view rest() const { return {bytes_.get() + begin_, end_ - begin_}; }

  static constexpr size_t kOurFrameMax = 131072;  ///< the largest that we offer to agree on
  static constexpr size_t kOverhead = 8;          ///< type, channel, size, end

 private:
  static constexpr size_t kBuffer = 256 << 10;  ///< room for a whole frame and much of the next ones
  static constexpr size_t kInParts = 16 << 10;  ///< body frames from this size on are given in parts
  /// Far above what a broker takes: RabbitMQ's HTTP API has a limit of 20 MB, its AMQP 1.0 one of 16 MiB.
  static constexpr size_t kLargestHeader = 64 << 20;

  Got next_of_body(Frame& frame);
  Got broken(std::string why);
  void resize(size_t capacity);

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
  size_t wanted_ = 0;          ///< size of the frame at begin_, if it is known and not all of it has come
  size_t body_left_ = 0;       ///< of a body frame that is given in parts: what is left of its payload
  uint16_t body_channel_ = 0;  ///< of that frame
  size_t frame_max_ = kOurFrameMax, header_max_ = kOurFrameMax;
  std::string error_;
};

}  // namespace mombridge::amqp
