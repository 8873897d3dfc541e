#pragma once
// What is counted of the calls of handlers, wherever their plugins run.

#include <cstdint>

#include "base/counters.hpp"
#include "base/family.hpp"
#include "handler/handler.hpp"

namespace mombridge::handler {

/// [any thread]
struct HandlerCounts {
  Counter calls, ended;
  Counter retries, rejects;  ///< of those that have ended: the verdicts that are errors

  void finished(Verdict::Kind verdict) noexcept {
    ended.add();
    if (verdict == Verdict::Kind::retry) retries.add();
    if (verdict == Verdict::Kind::reject) rejects.add();
  }

  /// Calls that have not ended. The end is read first: what begins and ends in between counts as in flight, and never
  /// as less than nothing.
  [[nodiscard]] uint64_t in_flight() const {
    auto over = ended.value();
    return calls.value() - over;
  }
};

/// By the handler's name. A handler of that name in a later configuration goes on counting there.
inline Family<HandlerCounts>& handler_counts() {
  static auto* family = new Family<HandlerCounts>;  // never destroyed: threads may still count at the end
  return *family;
}

}  // namespace mombridge::handler
