#pragma once
// What a broker sends back of a publication that it could not route (basic.return).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mombridge::amqp {

/// A return carries no delivery tag, but the whole message.
struct Returned {
  std::string reason;  ///< the broker's code and words
  std::string exchange, routing_key;
  std::string properties;  ///< flags and values, as the broker wrote them
  std::string body;
};

/// Puts one together from its frames. Not thread-safe.
class ReturnReader {
 public:
  /// basic.return.
  void begin(std::string reason, std::string_view exchange, std::string_view routing_key) {
    message_ = {std::move(reason), std::string(exchange), std::string(routing_key), {}, {}};
    active_ = true;
  }
  /// A message is on its way: content belongs to it.
  [[nodiscard]] bool active() const { return active_; }
  /// Each returns true if the message is whole. `body_size`: the caller has bounded it.
  [[nodiscard]] bool header(uint64_t body_size, std::string_view properties) {
    message_.properties = properties;
    message_.body.reserve(body_size);
    body_size_ = body_size;
    return whole();
  }
  [[nodiscard]] bool body(std::string_view part) {
    message_.body.append(part);
    return whole();
  }
  [[nodiscard]] const Returned& message() const { return message_; }
  /// The channel is gone, and what was on its way with it.
  void reset() { *this = {}; }

 private:
  bool whole() {
    active_ = message_.body.size() < body_size_;
    return !active_;
  }

  Returned message_;
  uint64_t body_size_ = 0;
  bool active_ = false;
};

}  // namespace mombridge::amqp
