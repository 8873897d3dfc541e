#pragma once
// What can be asked of a listener, and the answers.

#include <optional>
#include <string>
#include <string_view>

#include "admin/access.hpp"
#include "admin/action.hpp"
#include "admin/http.hpp"
#include "admin/status.hpp"

namespace mombridge::admin {

/// Immutable. [any thread]
class Endpoints {
 public:
  /// Of `probes:`: /livez, /readyz and /metrics, for everybody.
  Endpoints() = default;
  /// Of the admin listener: those, the page and the API, and what it has done.
  explicit Endpoints(Access access, Actions actions = {}) : access_(std::move(access)), actions_(std::move(actions)) {}

  /// The whole response to a whole request. `status` is null where the main loop has not answered in time;
  /// `main_stuck`: it has not come back to its sleep for so long that it never may.
  [[nodiscard]] std::string answer(std::string_view request, const Status* status, bool main_stuck) const;

  /// Returns true if the answer has figures that brokers must be asked for. A probe asks none.
  [[nodiscard]] bool shows_figures(std::string_view request) const;

  /// An action that is asked for, and that may be.
  struct Asked {
    const Action* action;
    HttpRequest request;
  };
  /// Absent: answer() answers the request.
  [[nodiscard]] std::optional<Asked> action(std::string_view request) const;
  /// A tap that is asked for, and that may be. Absent: answer() answers the request.
  [[nodiscard]] std::optional<HttpRequest> tap(std::string_view request) const;

 private:
  [[nodiscard]] HttpResponse respond(const HttpRequest& request, const Status* status, bool main_stuck) const;
  [[nodiscard]] HttpResponse ready(const HttpRequest& request, const Status& status) const;

  std::optional<Access> access_;  ///< absent: of `probes:`
  Actions actions_;
};

}  // namespace mombridge::admin
