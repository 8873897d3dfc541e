#pragma once
// For lines of log that are told apart by more than the place in the code that writes them.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mombridge::log {

/// At most one line of each kind in an interval. It is asked before the line's fields are made, and costs no allocation
/// for a kind that it knows. [any thread]
class LineLimit {
 public:
  /// Kinds beyond `most_kinds` share one interval.
  LineLimit(Duration interval, size_t most_kinds) : interval_(interval), most_kinds_(most_kinds) {}

  /// If a line of that kind may be written now: how many were left out since the one before. Else it counts as left
  /// out.
  [[nodiscard]] std::optional<uint64_t> admit(std::string_view kind);

 private:
  struct State {
    TimePoint next{};
    uint64_t left_out = 0;
  };
  State& of(std::string_view kind);

  const Duration interval_;
  const size_t most_kinds_;
  std::mutex mutex_;
  std::unordered_map<std::string, State, TextHash, std::equal_to<>> states_;
  State others_;
};

}  // namespace mombridge::log
