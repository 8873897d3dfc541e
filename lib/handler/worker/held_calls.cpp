#include "handler/worker/held_calls.hpp"

#include <algorithm>

namespace mombridge::handler::worker {

namespace {
/// From so many deaths on at which nothing had begun all are suspects, because a plugin can have written to the page.
constexpr unsigned kManyDeaths = 3;
}  // namespace

void HeldCalls::add(mombridge_request_id id, const Pending& pending, size_t bytes, TimePoint now) {
  if (held_.empty()) progress_ = now;
  held_.emplace_hint(held_.end(), id, Held{pending, bytes, std::nullopt});
  bytes_ += bytes;
}

Call* HeldCalls::take(mombridge_request_id id, TimePoint now) {
  auto found = held_.find(id);
  if (found == held_.end()) return nullptr;
  auto* call = found->second.pending.call;
  bytes_ -= found->second.bytes;
  held_.erase(found);
  progress_ = now;
  return call;
}

void HeldCalls::look(const Page& page, TimePoint now) {
  auto begun = page.content().begun.load(std::memory_order_relaxed);
  if (begun <= seen_) return;
  for (auto it = held_.upper_bound(seen_); it != held_.end() && it->first <= begun; ++it) {
    it->second.began = now;
    progress_ = now;
    seen_ = it->first;
  }
}

std::vector<mombridge_request_id> HeldCalls::overdue(TimePoint now) const {
  std::vector<mombridge_request_id> all;
  // In the order of the ids is in the order of their begin.
  for (auto& [id, held] : held_) {
    if (!held.began || *held.began + timeout_ > now) break;
    all.push_back(id);
  }
  return all;
}

bool HeldCalls::stuck(TimePoint now, Duration grace) const {
  bool waits = !held_.empty() && !held_.rbegin()->second.began;
  return waits && now - progress_ > timeout_ + grace;
}

std::vector<Pending> HeldCalls::end(const Page& page, const std::vector<mombridge_request_id>& causes) {
  auto is_cause = [&](mombridge_request_id id) {
    return causes.empty() ? page.begun(id) : std::ranges::find(causes, id) != causes.end();
  };
  std::vector<Pending> all;
  for (auto& [id, held] : held_) {
    all.push_back(held.pending);
    all.back().suspect = is_cause(id);
  }
  if (std::ranges::none_of(all, &Pending::suspect))
    for (auto& pending : all) pending.suspect = ++pending.deaths >= kManyDeaths;
  held_.clear();
  bytes_ = 0;
  seen_ = 0;
  return all;
}

}  // namespace mombridge::handler::worker
