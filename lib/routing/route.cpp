#include "routing/route.hpp"

#include <algorithm>

namespace mombridge::routing {

FailurePolicy::FailurePolicy(const config::Failures& failures)
    : attempts(failures.attempts),
      backoff(failures.backoff_first, failures.backoff_longest),
      reject_when_exhausted(failures.reject_when_exhausted) {}

bool Route::accepts(const Message& message) const {
  return std::ranges::all_of(config->from.headers, [&](auto& wanted) {
    auto* value = message.find(wanted.first);
    return value && (value->is_text() ? value->text == wanted.second : scalar_text(*value) == wanted.second);
  });
}

}  // namespace mombridge::routing
