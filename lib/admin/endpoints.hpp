#pragma once
// What can be asked of a listener, and the answers.

#include <optional>
#include <string>
#include <string_view>

#include "admin/access.hpp"
#include "admin/http.hpp"
#include "admin/status.hpp"

namespace mombridge::admin {

/// Immutable. [any thread]
class Endpoints {
 public:
  /// Of `probes:`: /livez, /readyz and /metrics, for everybody.
  Endpoints() = default;
  /// Of the admin listener: those and the API.
  explicit Endpoints(Access access) : access_(std::move(access)) {}

  /// The whole response to a whole request. `status` is null where the main loop has not answered in time;
  /// `main_stuck`: it has not come back to its sleep for so long that it never may.
  [[nodiscard]] std::string answer(std::string_view request, const Status* status, bool main_stuck) const;

 private:
  [[nodiscard]] HttpResponse respond(const HttpRequest& request, const Status* status, bool main_stuck) const;
  [[nodiscard]] HttpResponse ready(const HttpRequest& request, const Status& status) const;

  std::optional<Access> access_;  ///< absent: of `probes:`
};

}  // namespace mombridge::admin
