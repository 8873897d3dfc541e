#pragma once
// What the tests of sealing share: keys, a path as requesters make them, and one way there and back.

#include <string>
#include <vector>

#include "reply/return_path.hpp"

namespace mombridge::reply {

inline ReplyKey key(const std::string& id, const std::string& secret) { return {id, Secret(secret)}; }

inline Sealer sealer(const std::vector<ReplyKey>& keys, const std::string& bridge = "mombridge") {
  return Sealer(KeyRing(keys, bridge));
}

inline constexpr int64_t kNow = 1'700'000'000'000;

/// From broker "shop" over broker "lake".
inline ReturnPath path_to(std::string_view address, std::optional<std::string_view> id) {
  ReturnPath path;
  path.route = route_id("orders");
  path.origin = broker_id("shop");
  path.via = broker_id("lake");
  path.deadline_ms = kNow + 30'000;
  path.address = address;
  path.correlation_id = id;
  return path;
}

inline Arrival arrival(int64_t now_ms = kNow) { return {broker_id("lake"), now_ms}; }

}  // namespace mombridge::reply
