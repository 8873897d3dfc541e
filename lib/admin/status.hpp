#pragma once
// What a running bridge says of itself: one moment of it, as plain data.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/histogram.hpp"
#include "broker/broker.hpp"
#include "handler/runner_status.hpp"
#include "routing/latest_letters.hpp"

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
    bool drained = false;                       ///< by the operator: it takes nothing
    std::optional<uint64_t> in_flight_bytes{};  ///< of the memory budget that these take; absent: not counted
    std::optional<uint64_t> waiting{};          ///< at the broker; absent: the same
  };
  /// As Figures' lags and depths.
  struct Lag {
    std::string broker, topic;
    std::optional<int32_t> partition;
    uint64_t messages = 0;
  };
  struct Queue {
    std::string broker, name;
    uint64_t messages = 0;
  };
  /// As Figures' certificates.
  struct Certificate {
    std::string broker, whose;
    int64_t ends = 0;  ///< seconds since 1970
  };
  struct Broker {
    std::string name, type;
    uint64_t received = 0, in_flight = 0;
    uint64_t held = 0;  ///< of those in flight, the ones that only wait for the operator
    uint64_t unrouted = 0;
  };
  struct Destination {
    std::string text;
    uint64_t delivered = 0;
    std::string broker, handler;  ///< one of them is its name, the other empty
    std::string reply_to;         ///< of a handler: the broker that its replies go to; empty: to requesters alone
  };
  struct Route {
    std::string name, broker, target;
    std::string subscription;  ///< the only one that it takes messages of; empty: it goes by their targets alone
    std::vector<Destination> to;
    uint64_t matched = 0;    ///< messages
    uint64_t in_flight = 0;  ///< a message counts once for each destination
    uint64_t held = 0;       ///< the same
    uint64_t retries = 0, dead_letters = 0;
    std::string last_error;  ///< printable; empty: there was none
    std::optional<int64_t> last_error_at;
    std::optional<Histogram::Reading> times;  ///< from receiving to settlement; absent: they are not measured
    std::string dead_letter;                  ///< where its dead letters go; empty: nowhere
    std::string rate;                         ///< the most that it takes, "500/s"; empty: as it comes
    bool limited = false;                     ///< messages wait for that now
  };
  /// Its calls, wherever its plugin runs.
  struct Handler {
    std::string name;
    uint64_t calls = 0, in_flight = 0, retries = 0, rejects = 0;
    std::optional<Histogram::Reading> times;             ///< of its calls; absent: they are not measured
    std::optional<handler::WorkerStatus> worker;         ///< absent: it runs in the bridge's own process
    std::optional<handler::ThreadsStatus> threads = {};  ///< absent: it runs in a worker process
  };
  /// The last time that the configuration was read.
  struct Load {
    bool ok = true;
    int64_t at = 0;                          ///< of the last one that was taken
    int64_t read_at = 0;                     ///< when the verdict was there
    std::string text;                        ///< what became of it, for people
    std::vector<std::string> errors, notes;  ///< of the last one, with file:line:column where they have a place
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

  /// What messages may take, in bytes.
  struct Memory {
    uint64_t budget = 0;
    uint64_t reserved = 0;   ///< of the budget, for what client libraries fetch ahead
    uint64_t in_flight = 0;  ///< what they take now, over all subscriptions
    uint64_t pushed = 0;     ///< what those take that come from no subscription: of handlers, and over HTTP
  };

  std::string name, version;
  int64_t now = 0, started = 0;
  std::string not_live;  ///< for people, why the process should be started anew; empty: it is live
  bool draining = false;
  std::vector<std::string> drained;  ///< "broker shop", "route orders": what the operator has drained
  std::vector<Link> links;
  std::vector<Broker> brokers;
  std::vector<Subscription> subscriptions;
  std::vector<Lag> lags;
  std::vector<Queue> queues;
  std::vector<Certificate> certificates;
  std::vector<Route> routes;
  std::vector<Handler> handlers;
  uint64_t unrouted = 0;
  Memory memory;
  std::vector<routing::LatestLetter> latest_letters;  ///< that this process has written, the latest first
  std::vector<std::string> stalls;                    ///< for people; empty: messages move
  Load config;
  std::optional<Ingress> ingress;  ///< absent: the configuration has none

  [[nodiscard]] bool alive() const { return not_live.empty(); }
  /// Every link is up, and the bridge does not stop.
  [[nodiscard]] bool ready() const;
};

/// For /api/v1/status.
[[nodiscard]] std::string to_json(const Status& status);

}  // namespace mombridge::admin
