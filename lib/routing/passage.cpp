#include "routing/passage.hpp"

#include <algorithm>

#include "base/failpoint.hpp"
#include "routing/router.hpp"

namespace mombridge::routing {

void Passage::begin(DeliveryHandle delivery, const std::shared_ptr<const RouteTable>& table) {
  delivery_ = delivery.release();
  if (table_ != table) {
    table_ = table;
    origin_ = table->endpoint(port_.broker());
  }
  used_ = 0;
  worst_.store(Settlement::accept, std::memory_order_relaxed);
}

Branch& Passage::add() {
  if (used_ == branches_.size()) branches_.push_back(std::make_unique<Branch>(*this));
  return *branches_[used_++];
}

void Passage::launch() noexcept {
  if (!used_) return settle(Settlement::accept);
  // A branch may be done before its start() returns, and with the last one this may be gone.
  size_t branches = used_;
  state_.store(branches * kOpen, std::memory_order_relaxed);
  for (size_t i = 0; i < branches; ++i) branches_[i]->start();
}

void Passage::launch_first() noexcept {
  state_.store(kOpen, std::memory_order_relaxed);
  branches_.front()->start();
}

// The first is not done yet: so the passage stays, whatever the others do.
void Passage::start_others() noexcept {
  state_.fetch_add((used_ - 1) * kOpen, std::memory_order_relaxed);
  for (size_t i = 1; i < used_; ++i) branches_[i]->start();
}

void Passage::branch_held(bool yes) noexcept {
  auto before =
      yes ? state_.fetch_add(kHeld, std::memory_order_acq_rel) : state_.fetch_sub(kHeld, std::memory_order_acq_rel);
  changed(before, yes ? before + kHeld : before - kHeld);
  // With several, the delivery could be settled, and another message's, before it is told.
  if (used_ == 1) delivery_->held(yes);
}

void Passage::changed(uint64_t before, uint64_t after) noexcept {
  if (held(before) != held(after)) port_.held(held(after));
}

void Passage::branch_done(Settlement settlement) noexcept {
  // Given back beats rejected beats accepted: what one branch could not finish must come again.
  if (settlement == Settlement::requeue) worst_.store(settlement, std::memory_order_relaxed);
  if (auto accept = Settlement::accept; settlement == Settlement::reject)
    worst_.compare_exchange_strong(accept, settlement, std::memory_order_relaxed);
  auto before = state_.fetch_sub(kOpen, std::memory_order_acq_rel);
  if (before == kOpen) return settle(worst_.load(std::memory_order_relaxed));
  if (before >= kHeld) changed(before, before - kOpen);
}

void Passage::settle(Settlement settlement) noexcept {
  auto& port = port_;
  failpoint("after_confirm");
  delivery_->settle(settlement);
  port.settled();  // after it, so that a drain that sees nothing in flight finds every settlement posted
}

bool Passage::away() const noexcept {
  return std::any_of(branches_.begin(), branches_.begin() + static_cast<ptrdiff_t>(used_),
                     [](auto& b) { return b->away(); });
}

Router& Passage::router() const { return port_.router(); }

}  // namespace mombridge::routing
