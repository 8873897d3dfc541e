#include "routing/table_use.hpp"

#include <algorithm>

namespace mombridge::routing {

namespace {

constexpr uint32_t kMoved = UINT32_MAX;  ///< of deliveries that began by another table: they have no source here

std::string source_of(const Origin& origin, uint32_t subscription) {
  auto& settings = origin.endpoint.section->settings;
  return settings && subscription < settings->subscription_count() ? settings->subscription(subscription).source
                                                                   : std::string();
}

}  // namespace

TableUse::TableUse(TableUses& uses, std::shared_ptr<const RouteTable> table, const Origin& origin,
                   uint32_t subscription)
    : uses_(uses), table_(std::move(table)), origin_(origin), source_(source_of(origin, subscription)) {}

// Both the thread that retires it and one that tries to enter may find it empty.
void TableUse::release() noexcept {
  if (released_.exchange(true, std::memory_order_acq_rel)) return;
  auto table = std::move(table_);  // may be the last of it: it ends when nothing here is touched any more
  uses_.remove(*this);
}

void TableUses::use(std::shared_ptr<const RouteTable> table, const Origin* origin) {
  {
    std::lock_guard lock(mutex_);
    present_.swap(table);
    origin_ = present_ ? origin : nullptr;
  }
  // A table may end here, with all that it holds: not under the lock.
  retire_all();
}

std::shared_ptr<const RouteTable> TableUses::present() const {
  std::lock_guard lock(mutex_);
  return present_;
}

// Under the lock, so that no use of the former table begins behind use().
std::shared_ptr<TableUse> TableUses::renew(uint32_t subscription) {
  std::lock_guard lock(mutex_);
  if (!origin_) return nullptr;
  return uses_.emplace_back(std::make_shared<TableUse>(*this, present_, *origin_, subscription));
}

std::shared_ptr<TableUse> TableUses::enter_present() {
  for (;;) {
    std::shared_ptr<TableUse> use;
    {
      std::lock_guard lock(mutex_);
      if (!origin_) return nullptr;
      if (!moved_ || moved_->retired())
        moved_ = uses_.emplace_back(std::make_shared<TableUse>(*this, present_, *origin_, kMoved));
      use = moved_;
    }
    if (use->enter()) return use;
  }
}

bool TableUses::idle() const {
  std::lock_guard lock(mutex_);
  return uses_.empty();
}

void TableUses::retire_all() {
  std::vector<std::shared_ptr<TableUse>> uses;
  {
    std::lock_guard lock(mutex_);
    uses = uses_;
  }
  for (auto& use : uses) use->retire();
}

void TableUses::remove(const TableUse& use) noexcept {
  std::shared_ptr<TableUse> last;  // not destroyed under the lock
  std::lock_guard lock(mutex_);
  auto found = std::ranges::find(uses_, &use, [](auto& u) { return u.get(); });
  if (found == uses_.end()) return;
  last = std::move(*found);
  uses_.erase(found);
}

uint64_t TableUses::in_flight() const {
  std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (auto& use : uses_) sum += use->in_flight();
  return sum;
}

std::map<std::string, Unsettled> TableUses::in_flight_by_source() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, Unsettled> sums;
  for (auto& use : uses_) {
    auto& sum = sums[use->source()];
    sum.messages += use->in_flight();
    sum.held += use->held();
  }
  return sums;
}

int64_t TableUses::held() const {
  std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (auto& use : uses_) sum += use->held();
  return sum;
}

}  // namespace mombridge::routing
