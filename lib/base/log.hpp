#pragma once
// The log: one line per event that an operator cares about, a sentence and named fields.
//   log::info("connected", {{"broker", "shop"}, {"endpoint", "rabbit.local:5672"}});
// Text on a terminal, JSON otherwise, journal fields under systemd. Only this folder knows spdlog.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log_limit.hpp"

namespace mombridge::log {

enum class Level { trace, debug, info, warn, error, off };
enum class Format { automatic, text, json, journal };

/// A named value. Views are read during the call only.
struct Field {
  Field(std::string_view n, std::string_view v) : name(n), text(v) {}
  Field(std::string_view n, const char* v) : name(n), text(v) {}
  Field(std::string_view n, const std::string& v) : name(n), text(v) {}
  template <std::integral I>
  Field(std::string_view n, I v) : name(n), owned(std::to_string(v)), number(true) {}
  [[nodiscard]] std::string_view value() const { return number ? std::string_view(owned) : text; }

  std::string_view name, text;
  std::string owned;
  bool number = false;
};
using Fields = std::initializer_list<Field>;

/// [one thread at a time] Everything goes to stderr (or the journal). A later call changes level and format.
void init(Level level, Format format);
[[nodiscard]] bool enabled(Level level);
/// [any thread, signal handlers after init()] Of the lines that are written now; never `automatic`.
[[nodiscard]] Format format();

/// [any thread] Control characters and invalid UTF-8 in text and values are escaped: a message cannot forge a log line.
void event(Level level, std::string_view text, Fields fields = {});
/// The same, for fields that depend on the event.
void write(Level level, std::string_view text, std::span<const Field> fields);
inline void debug(std::string_view text, Fields fields = {}) { event(Level::debug, text, fields); }
inline void info(std::string_view text, Fields fields = {}) { event(Level::info, text, fields); }
inline void warn(std::string_view text, Fields fields = {}) { event(Level::warn, text, fields); }
inline void error(std::string_view text, Fields fields = {}) { event(Level::error, text, fields); }

/// For an event that may come a thousand times a second: at most one line per interval, whose field `left_out` says how
/// many events had none since the line before. One object per kind of event, usually static or a member. [any thread]
class Repeated {
 public:
  explicit Repeated(Duration interval = std::chrono::seconds(5)) : interval_(interval) {}
  void event(Level level, std::string_view text, Fields fields = {});

 private:
  Duration interval_;
  std::atomic<int64_t> next_ns_{0};
  std::atomic<uint64_t> suppressed_{0};
};

/// The same with an interval for each key by itself, so that an event that comes often does not hide the others. A key
/// is what tells people's cases apart, such as a route and a reason. [any thread]
class RepeatedBy {
 public:
  explicit RepeatedBy(Duration interval = std::chrono::seconds(5)) : limit_(interval, kMostKeys) {}
  void event(std::string_view key, Level level, std::string_view text, Fields fields = {});

 private:
  static constexpr size_t kMostKeys = 1000;  ///< further ones share one interval, because keys may come from outside

  LineLimit limit_;
};

}  // namespace mombridge::log
