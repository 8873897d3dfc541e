#include "routing/route.hpp"

#include <algorithm>

namespace mombridge::routing {

FailurePolicy::FailurePolicy(const config::Failures& failures)
    : attempts(failures.attempts),
      backoff(failures.backoff_first, failures.backoff_longest),
      reject_when_exhausted(failures.reject_when_exhausted) {}

bool Route::accepts(const Message& message) const {
  return std::ranges::all_of(headers, [&](auto& header) { return header.accepts(message); });
}

}  // namespace mombridge::routing
