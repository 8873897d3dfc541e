#pragma once
// What the ingress has counted since the process began.

#include <array>

#include "base/counters.hpp"
#include "base/family.hpp"
#include "http_ingress/answer.hpp"

namespace mombridge::http_ingress {

/// How the requests for one broker ended.
struct EndCounts {
  std::array<Counter, kEndCount> ends;
};

/// [any thread]
struct Counts {
  Family<EndCounts> ends;  ///< by broker; "": of requests that name none that may be used
  Counter unheard;         ///< clients that had gone before the answer
  Counter late_replies;    ///< that nobody waited for any more

  void ended(const std::string& broker, End end) { ends.at({broker}).ends[static_cast<size_t>(end)].add(); }
};

}  // namespace mombridge::http_ingress
