#pragma once
// What became of one reload, as the log, the listener and the command say it.

#include <string>
#include <vector>

#include "admin/http.hpp"
#include "base/result.hpp"

namespace mombridge::admin {

struct Verdict {
  bool successful = false;
  bool stopping = false;  ///< refused, because the bridge drains: no file was looked at
  /// "broker shop", "route orders", "failures": what has happened to them.
  std::vector<std::string> added, changed, removed;
  std::vector<std::string> notes;   ///< what only a restart can change, in words, and warnings
  std::vector<std::string> errors;  ///< `file:line:col: error: ...`, one line each; empty where it was successful

  /// One line: "added route orders; changed broker shop", "nothing has changed", or the first error.
  [[nodiscard]] std::string summary() const;
};

/// 200 with what has changed, 422 with the errors, or 503 where the bridge drains; as JSON.
[[nodiscard]] HttpResponse response_of(const Verdict& verdict);

/// Reads the body of such a response. Fails where it is something else.
[[nodiscard]] Result<Verdict> read_verdict(const std::string& body);

}  // namespace mombridge::admin
