#include "handler/plugin_log.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::handler {

namespace {
constexpr unsigned kMostInASecond = 1000;
}

void PluginLog::line(int32_t severity, std::string_view text) {
  constexpr log::Level kLevels[] = {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error};
  auto level = kLevels[std::clamp(severity, 0, 3)];
  uint64_t left_out = 0;
  if (!log::enabled(level) || !admit(Clock::now(), left_out)) return;
  log::event(level, text.substr(0, kLongestLine), {{"handler", handler_}});
  say_left_out(left_out);
}

void PluginLog::printed(std::string_view text) {
  uint64_t left_out = 0;
  if (!log::enabled(log::Level::info) || !admit(Clock::now(), left_out)) return;
  log::info("a handler printed a line", {{"handler", handler_}, {"line", text.substr(0, kLongestLine)}});
  say_left_out(left_out);
}

bool PluginLog::admit(TimePoint now, uint64_t& left_out) {
  std::lock_guard lock(mutex_);
  if (now - second_ >= 1s) {
    second_ = now;
    written_ = 0;
  }
  if (written_ >= kMostInASecond) {
    ++left_out_;
    return false;
  }
  ++written_;
  left_out = std::exchange(left_out_, 0);
  return true;
}

void PluginLog::say_left_out(uint64_t count) {
  if (count) log::warn("lines of a handler were left out", {{"handler", handler_}, {"left_out", count}});
}

}  // namespace mombridge::handler
