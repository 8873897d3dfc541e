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

  /// What a request needs beside answer(). Only what it may have.
  struct Asked {
    HttpRequest request = {};
    const Action* action = nullptr;  ///< is to be done instead
    bool tap = false;                ///< messages are to be shown instead
    bool figures = false;            ///< the answer has what brokers must be asked for; a probe asks none
  };
  [[nodiscard]] Asked asked(std::string_view request) const;

 private:
  [[nodiscard]] Asked asked(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse respond(const HttpRequest& request, const Status* status, bool main_stuck) const;
  [[nodiscard]] HttpResponse ready(const HttpRequest& request, const Status& status) const;

  std::optional<Access> access_;  ///< absent: of `probes:`
  Actions actions_;
};

}  // namespace mombridge::admin
