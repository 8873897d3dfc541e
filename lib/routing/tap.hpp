#pragma once
// One who watches messages pass: which ones, and what was not read yet.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "message/delivery.hpp"
#include "message/pattern.hpp"

namespace mombridge::routing {

struct Route;

/// A delivery that has just arrived, and the routes that take it.
struct Arrival {
  const Delivery& delivery;
  const config::BrokerSection& broker;
  const std::vector<const Route*>& routes;
  bool is_reply = false;  ///< it came through the bridge's own reply queue or topic
};

/// Which messages a tap shows, and how much of them. Names are compared at each message, so that it makes no difference
/// when a reload brings or removes what they name.
struct TapFilter {
  std::string route;  ///< empty: any; kUnrouted: what no route takes
  std::string broker;
  Pattern target{"#"};
  bool headers = false, body = false;

  [[nodiscard]] bool wants(const Arrival& arrival) const;
};

/// Something that a tap shows of a message. Texts may hold any bytes.
struct TapEntry {
  enum class Kind : uint8_t { arrived, happened, settled };
  struct Field {
    std::string name, text;
    bool number = false;
  };

  Kind kind = Kind::arrived;
  uint64_t message = 0;  ///< the same in all entries of one message, and in none of another's
  int64_t unix_ms = 0;
  std::string what = {};  ///< in words; of an arrival: empty
  std::vector<Field> fields = {}, headers = {};
  std::optional<std::string> body = {};  ///< its beginning
  size_t headers_left_out = 0;

  [[nodiscard]] size_t bytes() const;
};

/// What is read too slowly, or comes too fast, is counted and not kept: so a tap takes a bounded amount of memory, and
/// nobody ever waits for its reader. [any thread] All of it.
class Tap {
 public:
  static constexpr unsigned kPerSecond = 100;       ///< messages that are shown
  static constexpr size_t kLongestBody = 4 * 1024;  ///< bytes of a body that are shown
  static constexpr size_t kLongestText = 256;       ///< bytes of any other text
  static constexpr size_t kMostHeaders = 50;
  static constexpr size_t kMostBytes = 1024 * 1024;  ///< of entries that wait for the reader

  explicit Tap(TapFilter filter) : filter_(std::move(filter)) {}

  [[nodiscard]] const TapFilter& filter() const { return filter_; }
  /// Returns true if the message is to be shown. Where it is wanted and cannot be, it counts as left out.
  [[nodiscard]] bool admit(const Arrival& arrival, TimePoint now);
  void push(TapEntry entry);
  /// The oldest entries, up to about so many bytes, in the order in which they were pushed.
  [[nodiscard]] std::vector<TapEntry> take(size_t bytes);
  /// Messages and entries that were not shown since the last call.
  [[nodiscard]] uint64_t take_left_out() { return left_out_.exchange(0, std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool within_rate(TimePoint now);

  const TapFilter filter_;
  std::atomic<uint64_t> left_out_{0};
  std::atomic<TimePoint> rests_until_{TimePoint::min()};  ///< nothing more is shown before that
  std::mutex mutex_;                                      ///< guards what follows
  TimePoint second_began_ = TimePoint::min();
  unsigned shown_ = 0;  ///< in that second
  std::deque<TapEntry> entries_;
  size_t bytes_ = 0;  ///< of them
};

/// What a tap with that filter shows of a message when it arrives.
[[nodiscard]] TapEntry arrival_entry(const Arrival& arrival, uint64_t number, const TapFilter& filter);

}  // namespace mombridge::routing
