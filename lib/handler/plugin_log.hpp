#pragma once
// What a plugin logs and prints, as lines of the bridge's log.

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace mombridge::handler {

/// A plugin that logs without end must not fill the bridge's log: beyond a thousand lines a second, they are only
/// counted. [any thread]
class PluginLog {
 public:
  static constexpr size_t kLongestLine = 4096;  ///< the rest is cut

  /// `handler` stands in each line.
  explicit PluginLog(std::string handler) : handler_(std::move(handler)) {}

  /// A line that it has logged, by the severity of handler.h.
  void line(int32_t severity, std::string_view text);
  /// A line of its standard output or error.
  void printed(std::string_view text);

 private:
  /// Returns true if a line may be written now, and how many were left out before it in `left_out`.
  bool admit(TimePoint now, uint64_t& left_out);
  void say_left_out(uint64_t count);

  const std::string handler_;
  std::mutex mutex_;
  TimePoint second_{};     ///< the begin of the second that is counted
  unsigned written_ = 0;   ///< in it
  uint64_t left_out_ = 0;  ///< since the last line
};

}  // namespace mombridge::handler
