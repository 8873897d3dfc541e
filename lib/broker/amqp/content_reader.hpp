#pragma once
// A delivery, put together from its frames.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "broker/amqp/delivery.hpp"

namespace mombridge::amqp {

/// A delivery whose content is whole; the texts view its bytes.
struct Content {
  AmqpDelivery* delivery;
  std::string_view target, properties, body;
  bool redelivered;
};

/// Gathers routing key, properties and body into the bytes of a delivery. A large body is received there; a small one
/// is copied once. One delivery at a time. Not thread-safe.
class ContentReader {
 public:
  /// What the size in a content header may have reserved, in bytes, before anything of the body has come; never more
  /// than kMostReserved. A larger body gets its memory as it arrives, and all of it when kMostReserved bytes are here.
  explicit ContentReader(uint64_t most_reserved) : most_reserved_(std::min(most_reserved, kMostReserved)) {}
  static constexpr uint64_t kMostReserved = 16 << 20;

  /// basic.deliver or basic.get-ok. No content is expected before it.
  void begin(AmqpDelivery& delivery, std::string_view target, bool redelivered);
  /// Content of a delivery is expected.
  [[nodiscard]] bool active() const { return delivery_; }
  /// Each returns true if the content is whole; an error where it is out of order, or larger than a broker has any.
  [[nodiscard]] Result<bool> header(uint64_t body_size, std::string_view properties);
  [[nodiscard]] Result<bool> body(std::string_view part);
  /// Where the next part of the body belongs: what is received there, and then given to body(), is not copied. Memory
  /// for `size` bytes, valid until another call; empty: no content has so many left.
  [[nodiscard]] std::span<char> room(size_t size);
  /// After one of them returned true, once.
  [[nodiscard]] Content finish();
  /// The content will not come to its end: the delivery that it was for; null: there is none.
  AmqpDelivery* drop() { return std::exchange(delivery_, nullptr); }

 private:
  /// Makes room for so much more.
  void reserve(size_t part);

  /// RabbitMQ's own bound for max_message_size. Source: rabbit.hrl, MAX_MSG_SIZE.
  static constexpr uint64_t kLargestBody = 512ull << 20;

  const uint64_t most_reserved_;
  AmqpDelivery* delivery_ = nullptr;
  bool redelivered_ = false, has_header_ = false;
  size_t target_size_ = 0, properties_size_ = 0;
  uint64_t body_left_ = 0;
};

}  // namespace mombridge::amqp
