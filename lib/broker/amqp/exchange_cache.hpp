#pragma once
// Which exchanges a publisher may name.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mombridge::amqp {

/// A publish to an exchange that is not there would close the channel and take everything unconfirmed with it. So each
/// is asked for once, and what the broker answered is kept: that an exchange exists for as long as the channel lasts,
/// that it is missing for a second only, because anybody may make it. Not thread-safe. Callers say what the time is.
class ExchangeCache {
 public:
  enum class State { unknown, asked, exists, missing };
  struct Known {
    State state = State::unknown;
    std::string why;  ///< it is missing, in the broker's words
  };

  /// What is known now; valid until the next call.
  [[nodiscard]] const Known& look(std::string_view exchange, TimePoint now);
  void asked(std::string_view exchange) { entries_[std::string(exchange)] = {{State::asked, {}}, {}}; }
  void exists(std::string_view exchange) { entries_[std::string(exchange)] = {{State::exists, {}}, {}}; }
  void missing(std::string_view exchange, std::string why, TimePoint now) {
    entries_[std::string(exchange)] = {{State::missing, std::move(why)}, now};
  }
  void clear() { entries_.clear(); }

 private:
  static constexpr Duration kForgetMissing = std::chrono::seconds(1);
  struct Entry {
    Known known;
    TimePoint since;  ///< of a missing one
  };

  std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
};

inline const ExchangeCache::Known& ExchangeCache::look(std::string_view exchange, TimePoint now) {
  static const Known kUnknown;
  auto found = entries_.find(exchange);
  if (found == entries_.end()) return kUnknown;
  auto& entry = found->second;
  if (entry.known.state != State::missing || now - entry.since < kForgetMissing) return entry.known;
  entries_.erase(found);
  return kUnknown;
}

}  // namespace mombridge::amqp
