#include "routing/taps.hpp"

#include <algorithm>

#include "base/event_loop.hpp"

namespace mombridge::routing {

Taps& taps() {
  static auto* instance = new Taps;  // never destroyed: threads may still look while statics are torn down
  return *instance;
}

Result<std::shared_ptr<Tap>> Taps::open(TapFilter filter) {
  std::unique_lock lock(taps_mutex_);
  auto free = std::ranges::find_if(taps_, [](auto& one) { return !one; });
  if (free == taps_.end())
    return fail(std::to_string(kMost) + " taps are open already, and more there cannot be: end one of them");
  *free = std::make_shared<Tap>(std::move(filter));
  active_.store(true, std::memory_order_relaxed);
  return *free;
}

// What it has shown must not be taken for another tap's, which may get its place.
void Taps::close(const std::shared_ptr<Tap>& tap) {
  std::unique_lock lock(taps_mutex_);
  auto found = std::ranges::find(taps_, tap);
  if (found == taps_.end()) return;
  found->reset();
  bool last = std::ranges::all_of(taps_, [](auto& one) { return !one; });
  if (last) active_.store(false, std::memory_order_relaxed);
  std::lock_guard watched_lock(mutex_);
  if (last)
    watched_.clear();
  else
    watched_.forget(static_cast<uint8_t>(1U << (found - taps_.begin())));
}

uint8_t Taps::admit(const Arrival& arrival) {
  auto now = recent_time();
  unsigned admitted = 0;
  for (size_t i = 0; i < kMost; ++i)
    if (taps_[i] && taps_[i]->admit(arrival, now)) admitted |= 1U << i;
  return static_cast<uint8_t>(admitted);
}

void Taps::arrived(const Arrival& arrival) {
  std::shared_lock lock(taps_mutex_);
  auto by = admit(arrival);
  // A delivery of that address may have ended without a word, with its source.
  if (!by && !watched_.has(arrival.delivery)) return;
  Watched::Entry entry{0, by};
  {
    std::lock_guard watched_lock(mutex_);
    watched_.remove(arrival.delivery);
    if (!by) return;
    entry.message = ++last_message_;
    watched_.put(arrival.delivery, entry);
  }
  for (size_t i = 0; i < kMost; ++i)
    if (by >> i & 1) taps_[i]->push(arrival_entry(arrival, entry.message, taps_[i]->filter()));
}

Watched::Entry Taps::find(const Delivery& delivery, bool last) {
  std::lock_guard lock(mutex_);
  auto entry = watched_.find(delivery);
  if (last) watched_.remove(delivery);
  return entry;
}

void Taps::happened(const Delivery& delivery, std::string_view route, std::string_view what,
                    const std::vector<TapEntry::Field>& fields) {
  std::shared_lock lock(taps_mutex_);
  auto entry = find(delivery, false);
  push(entry, route,
       {.kind = TapEntry::Kind::happened,
        .message = entry.message,
        .unix_ms = unix_ms(),
        .what = std::string(what),
        .fields = fields});
}

void Taps::settled(const Delivery& delivery, Settlement settlement) {
  if (!show(delivery)) return;
  std::shared_lock lock(taps_mutex_);
  auto entry = find(delivery, true);
  auto* what = settlement == Settlement::accept   ? "settled"
               : settlement == Settlement::reject ? "rejected"
                                                  : "given back to its source";
  push(entry, {}, {.kind = TapEntry::Kind::settled, .message = entry.message, .unix_ms = unix_ms(), .what = what});
}

// A tap of one route shows nothing of the message's other ways, but its end.
void Taps::push(const Watched::Entry& to, std::string_view route, const TapEntry& entry) {
  for (size_t i = 0; i < kMost; ++i) {
    if (!(to.taps >> i & 1) || !taps_[i]) continue;
    auto& only = taps_[i]->filter().route;
    if (only.empty() || route.empty() || only == route) taps_[i]->push(entry);
  }
}

}  // namespace mombridge::routing
