#pragma once
// What one configuration has that another has not.

#include <map>
#include <string>
#include <vector>

#include "config/written.hpp"

namespace mombridge::topology {

enum class Change {
  same,
  added,
  removed,
  changed,
  resubscribed,  ///< of a broker: nothing but what it subscribes to has changed
};

/// Every broker, handler, route and top-level key of the two, by name.
struct Difference {
  std::map<std::string, Change> brokers, handlers, routes, globals;

  /// The two say the same.
  [[nodiscard]] bool none() const;
  /// "broker shop", "route orders", "failures": what this has happened to, for people. Resubscribed brokers are changed
  /// ones here, and say so.
  [[nodiscard]] std::vector<std::string> named(Change change) const;
};

/// Of one name among these; without a difference that names it, it is new.
Change change_of(const std::map<std::string, Change>& changes, const std::string& name);

Difference compare(const config::Written& former, const config::Written& present);

}  // namespace mombridge::topology
