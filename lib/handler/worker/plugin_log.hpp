#pragma once
// What a plugin in a worker process logs and prints, as lines of the bridge's log.

#include <string>
#include <string_view>

#include "base/log.hpp"
#include "handler/worker/line_limit.hpp"

namespace mombridge::handler::worker {

/// A plugin that logs without end must not fill the bridge's log: beyond a thousand lines a second, they are only
/// counted. [one thread]
class PluginLog {
 public:
  /// `handler` stands in each line.
  explicit PluginLog(std::string handler) : handler_(std::move(handler)) {}

  /// One line, by the severity of handler.h.
  void line(uint8_t severity, std::string_view text);
  /// Bytes of its standard output and error, which become lines where they have ends.
  void printed(std::string_view bytes);
  /// What has no end yet is a line now, because nothing follows.
  void end_of_output();

 private:
  void write(log::Level level, std::string_view text, bool printed);

  const std::string handler_;
  LineLimit limit_{1000};
  std::string unfinished_;
};

}  // namespace mombridge::handler::worker
