#include "handler/requests.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace mombridge::handler {

namespace {
Verdict late() { return {Verdict::Kind::retry, "the handler did not answer in time", nullptr}; }
}  // namespace

Family<Histogram>& handler_seconds() {
  static auto* family = new Family<Histogram>;  // never destroyed, as counters are not
  return *family;
}

mombridge_request_id Requests::open(Call& call, TimePoint deadline, TimePoint began) {
  static std::atomic<mombridge_request_id> ids{0};
  auto id = ++ids;
  std::lock_guard lock(mutex_);
  open_.emplace(id, Open{&call, deadline, began});
  return id;
}

Requests::Returned Requests::returned(mombridge_request_id id, std::optional<Verdict> verdict) {
  std::lock_guard lock(mutex_);
  auto found = open_.find(id);
  auto& open = found->second;  // nothing else takes out a request whose handle() runs
  if (!open.call) {
    open_.erase(found);
    return {std::nullopt, true};
  }
  open.running = false;
  if (open.completed) verdict = std::move(open.completed);
  if (!verdict && Clock::now() >= open.deadline) verdict = late();
  if (!verdict) return {};
  Finished finished{open.call, std::move(*verdict), open.began};
  open_.erase(found);
  return {std::move(finished)};
}

Requests::Completion Requests::complete(mombridge_request_id id, Verdict verdict, std::optional<Finished>& finished) {
  std::lock_guard lock(mutex_);
  auto found = open_.find(id);
  if (found == open_.end() || !found->second.call || found->second.completed) return Completion::not_open;
  if (found->second.running) {
    found->second.completed = std::move(verdict);
  } else {
    finished = Finished{found->second.call, std::move(verdict), found->second.began};
    open_.erase(found);
  }
  return Completion::taken;
}

std::optional<Requests::Overdue> Requests::overdue(TimePoint now) {
  std::lock_guard lock(mutex_);
  for (auto it = open_.begin(); it != open_.end() && it->second.deadline <= now; ++it) {
    auto& open = it->second;
    if (!open.call) continue;
    auto* call = std::exchange(open.call, nullptr);
    if (open.running) {
      // Not to be tried again, because it would take the next thread.
      auto verdict = open.completed ? std::move(*open.completed) : Verdict{Verdict::Kind::reject, stuck_, nullptr};
      return Overdue{{call, std::move(verdict), open.began}, true};
    }
    Overdue overdue{{call, late(), open.began}};
    open_.erase(it);
    return overdue;
  }
  return std::nullopt;
}

std::optional<TimePoint> Requests::next_deadline() {
  std::lock_guard lock(mutex_);
  for (auto& [id, open] : open_)
    if (open.call) return open.deadline;
  return std::nullopt;
}

size_t Requests::written_off() const {
  std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::ranges::count_if(open_, [](auto& one) { return !one.second.call; }));
}

void Requests::hand_over(Finished& finished) {
  if (!outward_.enter()) return;
  if (finished.began != TimePoint{} && Histogram::wanted()) seconds_.observe(Clock::now() - finished.began);
  finished.call->finished(std::move(finished.verdict));
  outward_.leave();
}

void Requests::close() {
  while (auto finished = abandon()) hand_over(*finished);
  outward_.close();
}

// One at a time, because calls are finished outside the lock.
std::optional<Requests::Finished> Requests::abandon() {
  std::lock_guard lock(mutex_);
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if (it->second.running) continue;
    Finished finished{it->second.call, {Verdict::Kind::retry, "the bridge is stopping", nullptr}, {}};
    open_.erase(it);
    return finished;
  }
  return std::nullopt;
}

}  // namespace mombridge::handler
