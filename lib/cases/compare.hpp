#pragma once
// What a case expected beside what happened.

#include <string>
#include <vector>

#include "cases/case.hpp"
#include "cases/stage.hpp"

namespace mombridge::cases {

/// One thing that is different.
struct Difference {
  config::Mark mark;                  ///< of what was expected
  std::string what;                   ///< "routes", "sent to lake/orders: key"
  std::vector<std::string> expected;  ///< lines
  std::vector<std::string> happened;

  /// `file:line:col: what`, and below it the lines, with - and +. Control characters are escaped.
  [[nodiscard]] std::string text() const;
};

/// Empty: all is as it was expected. `patience`: how long the case could last, to be said.
std::vector<Difference> compare(const Case& expected, const Happened& happened, const std::string& patience);

}  // namespace mombridge::cases
