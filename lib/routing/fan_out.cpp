#include "routing/fan_out.hpp"

#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"
#include "routing/taps.hpp"

namespace mombridge::routing {

void FanOut::begin(DeliveryHandle delivery, TableUse& use) {
  delivery_ = delivery.release();
  use_ = &use;
  used_ = 0;
  worst_.store(Settlement::accept, std::memory_order_relaxed);
  received_at_ = Histogram::wanted() ? recent_time() : TimePoint{};
}

Attempt& FanOut::add() {
  Attempt::Owner& owner = *this;
  if (used_ == attempts_.size()) attempts_.push_back(std::make_unique<Attempt>(owner, queue_));
  return *attempts_[used_++];
}

void FanOut::launch() noexcept {
  if (!used_) return settle(Settlement::accept);
  // An attempt may have ended before its start() returns, and with the last one this may be gone.
  size_t attempts = used_;
  state_.store(attempts * kOpen, std::memory_order_relaxed);
  for (size_t i = 0; i < attempts; ++i) attempts_[i]->start();
}

void FanOut::launch_first() noexcept {
  state_.store(kOpen, std::memory_order_relaxed);
  attempts_.front()->start();
}

// The first has not ended yet: so this stays, whatever the others do.
void FanOut::put_back_refused() noexcept {
  state_.fetch_add((used_ - 1) * kOpen, std::memory_order_relaxed);
  for (size_t i = 1; i < used_; ++i) attempts_[i]->start();
}

void FanOut::attempt_held(bool yes) noexcept {
  auto before =
      yes ? state_.fetch_add(kHeld, std::memory_order_acq_rel) : state_.fetch_sub(kHeld, std::memory_order_acq_rel);
  changed(before, yes ? before + kHeld : before - kHeld);
  // With several, the delivery could be settled, and another message's, before it is told.
  if (used_ == 1) delivery_->held(yes);
}

void FanOut::changed(uint64_t before, uint64_t after) noexcept {
  if (held(before) != held(after)) use_->held(held(after));
}

void FanOut::attempt_done(Settlement settlement) noexcept {
  // Given back beats rejected beats accepted: what one attempt could not finish must come again.
  if (settlement == Settlement::requeue) worst_.store(settlement, std::memory_order_relaxed);
  if (auto accept = Settlement::accept; settlement == Settlement::reject)
    worst_.compare_exchange_strong(accept, settlement, std::memory_order_relaxed);
  auto before = state_.fetch_sub(kOpen, std::memory_order_acq_rel);
  if (before == kOpen) return settle(worst_.load(std::memory_order_relaxed));
  if (before >= kHeld) changed(before, before - kOpen);
}

std::shared_ptr<const RouteTable> FanOut::newer_table() noexcept {
  return use_->retired() ? use_->uses().present() : nullptr;
}

// When it is the last one, nothing of this delivery goes by the former table any more. Other attempts may, and keep it.
void FanOut::attempt_moved() noexcept {
  if (open(state_.load(std::memory_order_acquire)) != 1) return;
  if (auto next = use_->uses().enter_present()) std::exchange(use_, next.get())->settled();
}

void FanOut::settle(Settlement settlement) noexcept {
  auto& use = *use_;
  if (received_at_ != TimePoint{} && settlement != Settlement::requeue) measure();
  failpoint("after_confirm");
  if (Taps::active()) [[unlikely]]
    taps().settled(*delivery_, settlement);
  delivery_->settle(settlement);
  use.settled();  // after it, so that a drain that sees nothing in flight finds every settlement posted
}

// Attempts of one route stand side by side, and the message counts once for each route.
void FanOut::measure() const noexcept {
  auto took = recent_time() - received_at_;
  const RouteCounts* measured = nullptr;
  for (size_t i = 0; i < used_; ++i) {
    auto* counts = attempts_[i]->begun_in();
    if (counts && counts != measured && counts != &unrouted_counts()) counts->seconds.observe(took);
    measured = counts;
  }
}

bool FanOut::away() const noexcept {
  return std::any_of(attempts_.begin(), attempts_.begin() + static_cast<ptrdiff_t>(used_),
                     [](auto& a) { return a->away(); });
}

bool FanOut::is_reply() const {
  auto& settings = *use_->origin().endpoint.section->settings;
  return delivery_->subscription < settings.subscription_count() &&
         settings.subscription(delivery_->subscription).replies;
}

}  // namespace mombridge::routing
