#include "handler/worker/plugin_log.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::handler::worker {

namespace {
constexpr size_t kLongestLine = 4096;
}

void PluginLog::line(uint8_t severity, std::string_view text) {
  constexpr log::Level kLevels[] = {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error};
  write(kLevels[std::min<size_t>(severity, 3)], text, false);
}

void PluginLog::printed(std::string_view bytes) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    auto piece = bytes.substr(0, std::min(end, kLongestLine - unfinished_.size()));
    unfinished_ += piece;
    bytes.remove_prefix(piece.size());
    bool ends = bytes.starts_with('\n');
    if (ends) bytes.remove_prefix(1);
    if (ends || unfinished_.size() >= kLongestLine) end_of_output();
  }
}

void PluginLog::end_of_output() {
  auto text = std::exchange(unfinished_, {});
  if (!text.empty()) write(log::Level::info, text, true);
}

void PluginLog::write(log::Level level, std::string_view text, bool printed) {
  if (!log::enabled(level) || !limit_.take(Clock::now())) return;
  auto left_out = limit_.left_out();
  text = text.substr(0, kLongestLine);
  if (printed)
    log::event(level, "a handler printed a line", {{"handler", handler_}, {"line", text}});
  else
    log::event(level, text, {{"handler", handler_}});
  if (left_out) log::warn("lines of a handler were left out", {{"handler", handler_}, {"left_out", left_out}});
}

}  // namespace mombridge::handler::worker
