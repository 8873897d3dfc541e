#pragma once
// A large body that is written bit by bit.

#include <cstdint>
#include <string_view>

#include "broker/amqp/publish_frames.hpp"

namespace mombridge::amqp {

/// Writes the body of one publication after the other, each as its socket takes it. Other channels of the connection
/// say what they have to say in between; the channel itself must not. Belongs to the loop's thread.
class BodyWriter {
 public:
  /// What waits for the socket, at most, when more is written: else what comes behind it on other channels would be
  /// late.
  static constexpr size_t kAhead = 1 << 20;

  explicit BodyWriter(uint16_t channel) : channel_(channel) {}

  /// The head of the publication is written. Its body is lent until it is not active() any more.
  void begin(const Publication& publication, const PublishLimits& limits) {
    publication_ = &publication;
    limits_ = limits;
    left_ = publication.message->body;
  }
  /// The channel is gone.
  void stop() { publication_ = nullptr; }
  /// The one of whose body something is left; null: there is none.
  [[nodiscard]] const Publication* publication() const { return publication_; }
  /// Returns true if there is something to write, and room for it.
  [[nodiscard]] bool wants(const OutFrames& out) const { return publication_ && out.size() < kAhead; }
  /// Writes as much as there is room for.
  void write(OutFrames& out) {
    while (wants(out)) {
      left_ = write_part(out, channel_, *publication_, limits_, left_);
      if (left_.empty()) stop();
    }
  }

 private:
  const uint16_t channel_;
  const Publication* publication_ = nullptr;
  PublishLimits limits_;
  std::string_view left_;
};

}  // namespace mombridge::amqp
