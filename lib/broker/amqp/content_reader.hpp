#pragma once
// A delivery, put together from its frames.

#include <cstddef>
#include <cstdint>
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

/// Gathers routing key, properties and body into the bytes of a delivery: the one copy of a body. One delivery at a
/// time. Not thread-safe.
class ContentReader {
 public:
  /// What the size in a content header may have reserved at once; a larger body gets its memory as it arrives.
  explicit ContentReader(uint64_t most_reserved) : most_reserved_(most_reserved) {}

  /// basic.deliver or basic.get-ok. No content is expected before it.
  void begin(AmqpDelivery& delivery, std::string_view target, bool redelivered);
  /// Content of a delivery is expected.
  [[nodiscard]] bool active() const { return delivery_; }
  /// Each returns true if the content is whole; an error where it is out of order, or larger than a broker has any.
  [[nodiscard]] Result<bool> header(uint64_t body_size, std::string_view properties);
  [[nodiscard]] Result<bool> body(std::string_view part);
  /// After one of them returned true, once.
  [[nodiscard]] Content finish();
  /// The content will not come to its end: the delivery that it was for; null: there is none.
  AmqpDelivery* drop() { return std::exchange(delivery_, nullptr); }

 private:
  /// RabbitMQ's own bound for max_message_size. Source: rabbit.hrl, MAX_MSG_SIZE.
  static constexpr uint64_t kLargestBody = 512ull << 20;

  const uint64_t most_reserved_;
  AmqpDelivery* delivery_ = nullptr;
  bool redelivered_ = false, has_header_ = false;
  size_t target_size_ = 0, properties_size_ = 0;
  uint64_t body_left_ = 0;
};

}  // namespace mombridge::amqp
