#pragma once
// The sealed return path: where a reply goes and what it answers, written into the correlation id that a request
// carries through the other broker. Whoever has the keys can finish the request; nothing is stored.
//
//   base64url( version | key tag | flags | route | origin | via | deadline | [partition] | address | id | MAC )

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "message/short_string.hpp"
#include "reply/key_ring.hpp"

namespace mombridge::reply {

/// Short stable stand-ins for configured names: they depend on the name alone, not on its place in the file. Two names
/// of one configuration could share one; `check` refuses that.
using RouteId = uint32_t;
using BrokerId = uint16_t;
RouteId route_id(std::string_view name);
BrokerId broker_id(std::string_view name);

struct ReturnPath {
  RouteId route = 0;
  BrokerId origin = 0;      ///< the broker that the request came from: its reply goes there
  BrokerId via = 0;         ///< the broker that the request went to: its reply may only come from there
  int64_t deadline_ms = 0;  ///< since the Unix epoch; kept to the second, rounded up
  std::string_view address;
  std::optional<int32_t> partition;
  std::optional<std::string_view> correlation_id;  ///< any bytes
  bool encoded_id = false;                         ///< IdForm::encoded; only with an id
};

/// Why a correlation id is not a return path that may be used here. From `expired` on it is authentic, and was read.
enum class Fault : uint8_t {
  none,
  malformed,        ///< not base64url, or too short: somebody's own correlation id, or one cut short
  unknown_version,  ///< of a later mombridge
  unknown_key,      ///< another bridge's, or a key was taken out of the configuration too early
  forged,           ///< the MAC says no
  unreadable,       ///< authentic, but not of any form that this version writes
  unknown_address,  ///< the address was one that the configuration named, and no longer names
  expired,
  other_broker,   ///< came back over another broker than it was sent to
  unknown_route,  ///< its route, or the broker that asked, is no longer configured
};
std::string_view to_string(Fault fault);

/// Where and when a reply arrived.
struct Arrival {
  BrokerId via = 0;
  int64_t now_ms = 0;
  int64_t skew_ms = 1000;  ///< by which clocks of replicas may differ: so much later still counts as in time
};

/// Immutable; everything may be called from any thread. Together one seal() and one open() take about 2 µs.
class Sealer {
 public:
  static constexpr size_t kAmqpLimit = kLongestShortString;  ///< the correlation-id is one
  static constexpr size_t kLongest = 2048;

  /// `names`: addresses that the configuration names. One that does not fit as it stands is interned: a hash stands for
  /// it, which opens for as long as the configuration names it.
  explicit Sealer(KeyRing keys, const std::vector<std::string>& names = {});

  /// The sealed path, a view into `storage`: ASCII, at most `limit` (at most kLongest) characters, and the same for the
  /// same path and keys. Fails where it does not fit; the error says by how much.
  Result<std::string_view> seal(const ReturnPath& path, size_t limit, std::string& storage) const;

  /// `path` views `storage`; it is filled for `none`, `expired` and `other_broker`. An expired path is said to be so
  /// even where it came over another broker.
  [[nodiscard]] Fault open(std::string_view sealed, const Arrival& arrival, ReturnPath& path,
                           std::string& storage) const;

 private:
  [[nodiscard]] std::optional<uint32_t> interned(std::string_view name) const;
  [[nodiscard]] Fault read(std::string_view bytes, ReturnPath& path, std::string& storage) const;

  KeyRing keys_;
  std::unordered_map<uint32_t, std::string> names_;  ///< by hash; empty: two names share it, so it stands for neither
};

}  // namespace mombridge::reply
