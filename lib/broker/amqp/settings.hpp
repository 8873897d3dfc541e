#pragma once
// What a `type: amqp` section says, read by config.cpp.

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "message/short_string.hpp"
#include "config/config.hpp"

namespace mombridge::amqp {

struct Endpoint {
  std::string host;
  std::string port = "5672";
  std::string vhost = "/";
  std::string user = "guest";
  Secret password{"guest"};
};

/// Arguments as the file may give them: x-queue-type of a queue, x-match of a binding, x-priority of a consumer.
using Argument = config::Typed;
using Arguments = std::map<std::string, Argument>;

struct QueueDeclaration {
  bool durable = true;
  bool exclusive = false;
  bool auto_delete = false;
  Arguments arguments;  ///< `type: quorum` is x-queue-type
};

struct Binding {
  std::string exchange;
  std::vector<std::string> routing_keys;
  Arguments arguments;  ///< what a headers exchange compares
};

/// Index by index beside BrokerSettings::subscriptions. Either a named queue, or an empty queue name: then a private
/// queue (exclusive, server-named) with `bindings`, for as long as the connection lasts.
struct Subscription {
  std::string queue;
  std::optional<QueueDeclaration> declare;  ///< absent: the queue is somebody else's and must exist
  std::vector<Binding> bindings;
  Arguments arguments;                    ///< of the consumer
  std::optional<int64_t> delivery_limit;  ///< the queue's x-delivery-limit; 0: it has none; absent: by `declare`
  bool passive_first = false;             ///< a queue that exists is used as it is; `declare` is for one that does not
};

struct Settings : config::BrokerSettings {
  [[nodiscard]] std::string target_fault(std::string_view target) const override {
    return target.size() <= kLongestShortString ? "" : "is longer than the 255 bytes that AMQP has for a routing key";
  }

  std::vector<Endpoint> endpoints;  ///< tried in turn; at least one
  Duration reconnect_delay = std::chrono::seconds(1);
  Duration reconnect_delay_max = std::chrono::seconds(30);
  Duration heartbeat = std::chrono::seconds(10);        ///< 0: off
  Duration connect_timeout = std::chrono::seconds(10);  ///< resolving, connecting and logging in together
  uint16_t prefetch_count = 500;                        ///< unacknowledged messages per subscription
  uint64_t prefetch_size = 64ull << 20;  ///< bytes in flight per subscription: above it, its socket is not read
  Duration give_back_after =
      std::chrono::minutes(1);    ///< what waits for a destination that is away for this long is given back; 0: never
  uint64_t max_message_size = 0;  ///< body bytes; 0: by the broker's version (128 MiB, from 4.0 on 16 MiB)
  std::vector<Subscription> amqp_subscriptions;
  std::map<std::string, QueueDeclaration> declarations;  ///< of BrokerSettings::declares, where one says how
};

/// How many connections the broker must allow, in words: "needs 4 AMQP connections, one to publish and one for each of
/// 3 subscriptions".
std::string connections_needed(const Settings& settings);

}  // namespace mombridge::amqp
