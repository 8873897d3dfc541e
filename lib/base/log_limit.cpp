#include "base/log_limit.hpp"

#include <utility>

namespace mombridge::log {

std::optional<uint64_t> LineLimit::admit(std::string_view kind) {
  std::lock_guard lock(mutex_);
  auto& state = of(kind);
  auto now = Clock::now();
  if (now < state.next) {
    ++state.left_out;
    return std::nullopt;
  }
  state.next = now + interval_;
  return std::exchange(state.left_out, 0);
}

LineLimit::State& LineLimit::of(std::string_view kind) {
  if (auto found = states_.find(kind); found != states_.end()) return found->second;
  if (states_.size() >= most_kinds_) return others_;
  return states_[std::string(kind)];
}

}  // namespace mombridge::log
