#pragma once
// Filling a Publication for a target: rendering its templates, adding the bridge's own headers.

#include <array>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "message/publication.hpp"
#include "routing/hops.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

/// What a publication views besides the message itself; reused with its branch.
struct Rendered {
  std::string target, key;
  std::vector<std::string> header_values;
  std::vector<Header> headers;
  Hops::Buffer hops;
};

/// Where `message` from `broker` would go: a view into `storage`, `message` or `to`. Fails where the message lacks what
/// the template needs or the target is not allowed.
Result<std::string_view> render_target(const Target& to, const Message& message, std::string_view broker,
                                       std::string& storage);

/// Makes `publication` carry `message`, which came from `broker`, to `to`. Everything it views lives in `message`, in
/// `rendered` and in `to`. Fails as render_target() does, and where the message lacks what the key or a header needs.
/// `mark`, that of a route that hands the message on as it is, shows later that the message has come back.
Result<> prepare(Publication& publication, Rendered& rendered, const Target& to, const Message& message,
                 std::string_view broker, const RouteMark* mark = nullptr);

}  // namespace mombridge::routing
