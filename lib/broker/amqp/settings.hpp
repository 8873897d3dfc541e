#pragma once
// What a `type: amqp` section says, read by config.cpp.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "config/config.hpp"
#include "config/live_secret.hpp"
#include "config/tls.hpp"
#include "message/short_string.hpp"
#include "token/settings.hpp"

namespace mombridge::amqp {

inline constexpr config::KindTraits kTraits{
    .type = "amqp",
    .exchanges = true,
    .longest_correlation_id = kLongestShortString,
    .reply_to_globs = R"(["amq.gen-*", "amq.rabbitmq.reply-to.*"])",
};

/// How a client says who it is.
enum class Mechanism : uint8_t {
  plain,     ///< user and password
  external,  ///< the client certificate says it
};

struct Endpoint {
  std::string host;
  std::string port = "5672";
  std::string vhost = "/";
  std::string user = "guest";  ///< empty: only the certificate says it
  config::LiveSecret password = Secret("guest");
  std::shared_ptr<const config::TlsSettings> tls;  ///< null: without TLS
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

  /// Patterns of the targets that come through it, as far as they are known: a headers exchange does not look at keys.
  [[nodiscard]] std::vector<std::string> targets() const;
  /// The exchange is known to route by those patterns, because it is one of the broker's own.
  [[nodiscard]] bool certain() const;
};

/// Either a named queue, or an empty queue name: then a private queue (exclusive, server-named) with `bindings`, for as
/// long as the connection lasts.
struct Subscription : config::Subscription {
  std::string queue;
  std::optional<QueueDeclaration> declare;  ///< absent: the queue is somebody else's and must exist
  std::vector<Binding> bindings;
  Arguments arguments;                    ///< of the consumer
  std::optional<int64_t> delivery_limit;  ///< the queue's x-delivery-limit; 0: it has none; absent: by `declare`
  bool passive_first = false;             ///< a queue that exists is used as it is; `declare` is for one that does not
};

struct PublishOptions final : mombridge::PublishOptions {
  explicit PublishOptions(std::string to_exchange = {}) : exchange(std::move(to_exchange)) {}
  [[nodiscard]] const std::string* named_exchange() const override { return named ? &exchange : nullptr; }

  std::string exchange;   ///< "": the default exchange
  bool named = false;     ///< the destination names the exchange; else it is the broker's `exchange`
  bool mandatory = true;  ///< a message that no queue takes is refused
  std::string author;     ///< the user-id property, which the broker takes only from that user; empty: none
};

/// Of a publication that this kind's broker has taken. Without any, it goes to the default exchange.
inline const PublishOptions& options_of(const Publication& publication) {
  if (publication.options) return static_cast<const PublishOptions&>(*publication.options);
  static const PublishOptions kDefault;
  return kDefault;
}

struct Settings : config::KindSettings<Subscription> {
  Settings() : KindSettings(kTraits) { direct_replies.mandatory = false; }

  [[nodiscard]] std::string target_fault(std::string_view target) const override {
    return target.size() <= kLongestShortString ? "" : "is longer than the 255 bytes that AMQP has for a routing key";
  }
  [[nodiscard]] std::optional<bool> reads(const config::Subscription& subscription,
                                          const mombridge::PublishOptions* options,
                                          const std::string& target) const override;
  [[nodiscard]] std::string exchange_of(const mombridge::PublishOptions* options) const override {
    return options ? static_cast<const PublishOptions*>(options)->exchange : publishes.exchange;
  }
  [[nodiscard]] const PublishOptions* reply_options(std::string_view address) const override;

  std::vector<Endpoint> endpoints;  ///< tried in turn; at least one
  Mechanism mechanism = Mechanism::plain;
  std::optional<token::Settings> token;  ///< instead of a password
  Duration reconnect_delay = std::chrono::seconds(1);
  Duration reconnect_delay_max = std::chrono::seconds(30);
  Duration heartbeat = std::chrono::seconds(10);        ///< 0: off
  Duration connect_timeout = std::chrono::seconds(10);  ///< resolving, connecting and logging in together
  uint16_t prefetch_count = 500;                        ///< unacknowledged messages per subscription
  uint64_t prefetch_size = 64ull << 20;  ///< bytes in flight per subscription: above it, its socket is not read
  Duration give_back_after =
      std::chrono::minutes(1);    ///< what waits for a destination that is away for this long is given back; 0: never
  uint64_t max_message_size = 0;  ///< body bytes; 0: by the broker's version (128 MiB, from 4.0 on 16 MiB)
  PublishOptions publishes;       ///< with `exchange`: of a publication that has no options
  PublishOptions replies;         ///< with `reply_exchange`
  /// The same, to RabbitMQ's direct reply-to. Not mandatory: RabbitMQ 3.10 delivers such a message and returns it as
  /// unroutable all the same.
  PublishOptions direct_replies;
  std::map<std::string, QueueDeclaration> declarations;  ///< of BrokerSettings::declares, where one says how
};

/// How many connections the broker must allow, in words: "needs 4 AMQP connections, one to publish and one for each of
/// 3 subscriptions".
std::string connections_needed(const Settings& settings);

}  // namespace mombridge::amqp
