#include "daemon/manager_status.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "admin/words.hpp"

namespace mombridge {

namespace {

constexpr Duration kLook = std::chrono::seconds(5);

}  // namespace

ManagerStatus::ManagerStatus(EventLoop& loop, std::function<std::string()> last_reload,
                             std::function<admin::Status()> look, std::function<void(const std::string&)> tell)
    : loop_(loop),
      last_reload_(std::move(last_reload)),
      look_(std::move(look)),
      tell_(std::move(tell)),
      timer_(loop_.after(kLook, [this] { refresh(); })),
      looked_(Clock::now()) {}

void ManagerStatus::refresh() {
  auto status = look_();
  auto now = Clock::now();
  auto received = std::accumulate(status.brokers.begin(), status.brokers.end(), uint64_t{0},
                                  [](uint64_t sum, auto& broker) { return sum + broker.received; });
  // A reload may have removed what has counted.
  auto text = one_line(status, received - std::min(received_, received), now - looked_);
  if (auto reload = last_reload_(); !reload.empty()) text += "; " + reload;
  // Also what the manager has heard already, because what could not be told before goes first.
  if (!status.draining) tell_(text);
  received_ = received;
  looked_ = now;
  timer_ = loop_.after(kLook, [this] { refresh(); });
}

std::string one_line(const admin::Status& status, uint64_t received, Duration in) {
  auto up = std::ranges::count(status.links, LinkStatus::State::up, [](auto& link) { return link.status.state; });
  std::string text = std::to_string(up) + " of " + std::to_string(status.links.size()) + " links up, " +
                     per_second(received, in) + " msg/s in";
  for (auto& section : status.drained) text += "; drained: " + section;
  return text;
}

std::string per_second(uint64_t messages, Duration in) {
  auto rate = static_cast<double>(messages) / std::max(std::chrono::duration<double>(in).count(), 1e-3);
  return admin::rate_text(rate);
}

}  // namespace mombridge
