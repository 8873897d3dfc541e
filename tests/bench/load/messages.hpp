#pragma once
// Messages that say which they are: plain senders and receivers, without a line of the bridge's own.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace load {

/// The headers of every message: its number, a target that a bridge may go by, and one that is always the same.
constexpr const char *kNumber = "number", *kTarget = "target";
constexpr std::pair<const char*, const char*> kTrace{"traceparent",
                                                     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
constexpr uint64_t kTargets = 1000;
constexpr size_t kDigits = 12;

inline std::string target_of(uint64_t number) { return "order." + std::to_string(number % kTargets) + ".new"; }

/// The number, and x up to the size.
inline std::string body_of(uint64_t number, size_t size) {
  auto digits = std::to_string(number);
  std::string body(std::max(size, kDigits), 'x');
  body.replace(0, kDigits, std::string(kDigits - digits.size(), '0') + digits);
  return body;
}

/// A body's number; the largest there is where it has none.
inline uint64_t number_of(std::string_view body) {
  uint64_t number = 0;
  auto digits = body.substr(0, kDigits);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + kDigits ? number : UINT64_MAX;
}

/// Returns true if all three headers are there with what belongs into them. `header(name)` gives a header's text.
template <class Header>
bool has_headers(std::string_view body, Header header) {
  return header(kNumber) == body.substr(0, kDigits) && header(kTarget) == target_of(number_of(body)) &&
         header(kTrace.first) == kTrace.second;
}

/// [one thread]
class Sender {
 public:
  Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  virtual ~Sender() = default;
  virtual void send(uint64_t number) = 0;
  /// Returns when the broker has confirmed all.
  virtual void finish() = 0;
};

/// Takes messages until it is destroyed, on a thread of its own.
class Receiver {
 public:
  Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  virtual ~Receiver() = default;
};
/// [the receiver's thread] `whole`: its headers are as they were sent.
using Taken = std::function<void(uint64_t number, size_t size, bool whole)>;

std::unique_ptr<Sender> amqp_sender(const std::string& url, const std::string& queue, size_t size);
std::unique_ptr<Receiver> amqp_receiver(const std::string& url, const std::string& queue, Taken taken);
/// Goes round the partitions. `linger_ms` as librdkafka's.
std::unique_ptr<Sender> kafka_sender(const std::string& servers, const std::string& topic, size_t size,
                                     unsigned linger_ms);
/// Begins where the topic begins.
std::unique_ptr<Receiver> kafka_receiver(const std::string& servers, const std::string& topic, Taken taken);

}  // namespace load
