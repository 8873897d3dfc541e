#include "routing/route.hpp"

#include <algorithm>

namespace mombridge::routing {

FailurePolicy::FailurePolicy(const config::Failures& failures)
    : attempts(failures.attempts),
      backoff(failures.backoff_first, failures.backoff_longest),
      reject_when_exhausted(failures.reject_when_exhausted) {}

const Destination* Route::in_place_of(const Destination& destination, const Route& former) const {
  auto has = [](const Route& route, const std::string& text) {
    return std::ranges::any_of(route.to, [&](auto& one) { return one->text() == text; });
  };
  auto text = destination.text();
  size_t before = 0, new_before = 0;  // destinations of `former`, and those that are here no longer
  for (auto& one : former.to) {
    if (one.get() == &destination) break;
    ++before;
    if (!has(*this, one->text())) ++new_before;
  }
  // Several may have the same text: then the one at the same place is meant.
  if (before < to.size() && to[before]->text() == text) return to[before].get();
  for (auto& one : to)
    if (one->text() == text) return one.get();
  for (auto& one : to)
    if (!has(former, one->text()) && !new_before--) return one.get();
  return nullptr;
}

bool Route::accepts(const Message& message) const {
  return std::ranges::all_of(headers, [&](auto& header) { return header.accepts(message); });
}

void Route::count_delivered(const Destination& destination) const noexcept {
  for (size_t i = 0; i < delivered.size(); ++i)
    if (to[i].get() == &destination) return delivered[i]->add();
}

}  // namespace mombridge::routing
