#pragma once
// What a running bridge says of itself: one moment of it, as plain data.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"

namespace mombridge::admin {

/// A loop that has been in one callback for this long is stuck.
inline constexpr Duration kStuck = std::chrono::seconds(10);

/// Times are in milliseconds since the Unix epoch.
struct Status {
  struct Link {
    std::string broker;
    LinkStatus status;
    std::optional<int64_t> since;  ///< absent: not known
  };
  struct Subscription {
    std::string broker, source;
    uint64_t messages = 0, bytes = 0;  ///< received since the process began
    uint64_t in_flight = 0;
  };
  struct Broker {
    std::string name, type;
    uint64_t received = 0, in_flight = 0;
    uint64_t held = 0;  ///< of those in flight, the ones that only wait for the operator
  };
  struct Destination {
    std::string text;
    uint64_t delivered = 0;
  };
  struct Route {
    std::string name, broker, target;
    std::vector<Destination> to;
    uint64_t matched = 0;    ///< messages
    uint64_t in_flight = 0;  ///< a message counts once for each destination
    uint64_t held = 0;       ///< the same
    uint64_t retries = 0, dead_letters = 0;
    std::string last_error;  ///< printable; empty: there was none
    std::optional<int64_t> last_error_at;
  };
  /// The last time that the configuration was read.
  struct Load {
    bool ok = true;
    int64_t at = 0;    ///< of the last one that was taken
    std::string text;  ///< what became of it, for people
  };

  /// What the ingress has taken over HTTP.
  struct Ingress {
    struct Ended {
      std::string broker;  ///< empty: of requests that name none that may be used
      std::string outcome;
      uint64_t count = 0;
    };
    std::string listen;
    uint64_t connections = 0, open = 0, waiting_bytes = 0;  ///< at the moment
    uint64_t unheard = 0;                                   ///< clients that had gone before their answer
    uint64_t late_replies = 0;                              ///< that nobody waited for any more
    std::vector<Ended> ends;
  };

  std::string name, version;
  int64_t now = 0, started = 0;
  bool draining = false;
  Duration longest_stall{};  ///< of any loop of a broker
  std::vector<Link> links;
  std::vector<Broker> brokers;
  std::vector<Subscription> subscriptions;
  std::vector<Route> routes;
  uint64_t unrouted = 0;
  std::vector<std::string> stalls;  ///< for people; empty: messages move
  Load config;
  std::optional<Ingress> ingress;  ///< absent: the configuration has none

  /// Every loop comes back to its sleep.
  [[nodiscard]] bool alive() const { return longest_stall < kStuck; }
  /// Every link is up, and the bridge does not stop.
  [[nodiscard]] bool ready() const;
};

/// For /api/v1/status.
[[nodiscard]] std::string to_json(const Status& status);

}  // namespace mombridge::admin
