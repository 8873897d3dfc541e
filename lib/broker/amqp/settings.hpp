#pragma once
// What a `type: amqp` section says, read by config.cpp.

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "config/config.hpp"

namespace mombridge::amqp {

struct Endpoint {
  std::string host;
  std::string port = "5672";
  std::string vhost = "/";
  std::string user = "guest";
  Secret password{"guest"};
};

/// Queue arguments as `declare:` may give them: x-queue-type and so on.
using Argument = std::variant<bool, int64_t, double, std::string>;

struct QueueDeclaration {
  bool durable = true;
  bool exclusive = false;
  bool auto_delete = false;
  std::map<std::string, Argument> arguments;  ///< `type: quorum` is x-queue-type
};

struct Binding {
  std::string exchange;
  std::vector<std::string> routing_keys;
};

/// Index by index beside BrokerSettings::subscriptions. Either a named queue, or an empty queue name: then a private
/// queue (exclusive, server-named) with `bindings`, for as long as the connection lasts.
struct Subscription {
  std::string queue;
  std::optional<QueueDeclaration> declare;  ///< absent: the queue is somebody else's and must exist
  std::vector<Binding> bindings;
  std::optional<int64_t> delivery_limit;  ///< the queue's x-delivery-limit; 0: it has none; absent: by `declare`
  bool passive_first = false;             ///< used as it is where it exists; only else declared as `declare` says
};

struct Settings : config::BrokerSettings {
  std::vector<Endpoint> endpoints;  ///< tried in turn; at least one
  Duration reconnect_delay = std::chrono::seconds(1);
  Duration reconnect_delay_max = std::chrono::seconds(30);
  Duration heartbeat = std::chrono::seconds(10);        ///< 0: off
  Duration connect_timeout = std::chrono::seconds(10);  ///< resolving, connecting and logging in together
  uint16_t prefetch_count = 500;                        ///< unacknowledged messages per subscription
  uint64_t prefetch_size = 64ull << 20;  ///< bytes in flight per subscription: above it, its socket is not read
  Duration give_back_after =
      std::chrono::minutes(1);    ///< what waits for a destination that is away for this long is given back
  uint64_t max_message_size = 0;  ///< body bytes; 0: by the broker's version (128 MiB, from 4.0 on 16 MiB)
  std::vector<Subscription> amqp_subscriptions;
};

}  // namespace mombridge::amqp
