#pragma once
// Filling a Publication for a target: rendering its templates, adding the bridge's own headers.

#include <array>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "message/publication.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

/// Passages of one message through bridges; above it the message is refused as a loop.
inline constexpr int kMaxHops = 8;

/// What a publication views besides the message itself; reused with its branch.
struct Rendered {
  std::string target, key;
  std::vector<std::string> header_values;
  std::vector<Header> headers;
  std::array<char, 4> hops;
};

/// How often the message has passed a bridge, by its header; text that is no number counts as 0.
int hops(const Message& message);

/// Where `message` from `broker` would go: a view into `storage`, `message` or `to`. Fails where the message lacks what
/// the template needs or the target is not allowed.
Result<std::string_view> render_target(const Target& to, const Message& message, std::string_view broker,
                                       std::string& storage);

/// Makes `publication` carry `message`, which came from `broker`, to `to`. Everything it views lives in `message`, in
/// `rendered` and in `to`. Fails as render_target() does, and where the message lacks what the key or a header needs.
Result<> prepare(Publication& publication, Rendered& rendered, const Target& to, const Message& message,
                 std::string_view broker);

}  // namespace mombridge::routing
