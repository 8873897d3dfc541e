#pragma once
// What became of draining or resuming a section, as the listener and the command say it.

#include <cstdint>
#include <string>
#include <vector>

#include "admin/http.hpp"
#include "base/result.hpp"

namespace mombridge::admin {

struct DrainReport {
  std::string section;              ///< "broker shop"
  bool drained = false;             ///< false: it was resumed
  bool changed = true;              ///< it was not so before
  uint64_t in_flight = 0;           ///< messages that its sources have taken and that are not settled
  uint64_t held = 0;                ///< of these, the ones that only wait for the operator
  std::vector<std::string> routes;  ///< that wait, because its sources feed them
  std::vector<std::string> misses;  ///< sources that lose what is published meanwhile: private queues

  /// Nothing but what is held is in flight.
  [[nodiscard]] bool settled() const { return in_flight <= held; }
  /// For people, without a line's end: "drained: broker shop: 0 in flight".
  [[nodiscard]] std::string text() const;
};

/// 200, or 202 while something is in flight; as JSON.
[[nodiscard]] HttpResponse response_of(const DrainReport& report);

/// Reads the body of such a response. Fails where it is something else.
[[nodiscard]] Result<DrainReport> read_drain_report(const std::string& body);

}  // namespace mombridge::admin
