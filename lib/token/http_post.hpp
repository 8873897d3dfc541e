#pragma once
// One POST over HTTPS, within bounds of time and size, whatever the other end does.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "token/url.hpp"

namespace mombridge::token {

struct HttpRequest {
  Url url;
  std::string ca;        ///< as Settings::ca
  Secret authorization;  ///< of the header Authorization; empty: none
  Secret body;           ///< a form
};
struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// Sends the request and waits for its answer, at most until the deadline, or until `stopped` returns true, which is
/// asked ten times a second. The endpoint's certificate and name are verified; redirects are not followed. Errors say
/// in words what failed, and name neither the request's header nor its body. [any thread but a loop's: it blocks]
Result<HttpAnswer> http_post(const HttpRequest& request, TimePoint deadline, const std::function<bool()>& stopped);

/// [any thread] A request that was given up has not come back yet, from looking up a name for example. It touches
/// nothing of ours, but the process must end without tearing down what its thread may use.
[[nodiscard]] bool http_left_behind();

}  // namespace mombridge::token
