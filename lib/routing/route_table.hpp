#pragma once
// The routes, compiled: immutable, shared by all threads, swapped whole.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/backoff.hpp"
#include "base/counters.hpp"
#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "message/message.hpp"
#include "message/pattern.hpp"
#include "reply/replier.hpp"
#include "routing/hops.hpp"
#include "routing/template.hpp"

namespace mombridge {
class Broker;
namespace handler {
class Handler;
}
}  // namespace mombridge

namespace mombridge::routing {

/// A broker as routing sees it. `instance` is null where nothing runs (check, explain).
struct Endpoint {
  const config::BrokerSection* section = nullptr;
  Broker* instance = nullptr;
};

/// A header that a destination adds.
struct TargetHeader {
  std::string name;
  Template text;               ///< where it is text
  std::optional<Value> typed;  ///< else
};

/// A compiled destination: a broker's target, or a handler.
struct Target {
  const config::Destination* config = nullptr;
  const Endpoint* broker = nullptr;  ///< null: a handler
  handler::Handler* handler = nullptr;
  Template target;
  std::optional<Template> key;
  std::vector<TargetHeader> headers;
  std::unique_ptr<Target> reply_to;  ///< of a handler

  /// A request that is sent here can be answered: by the handler, or through the broker's reply queue or topic.
  [[nodiscard]] bool answers() const;
  /// "lake/orders" or "handler geocode": for logs.
  [[nodiscard]] std::string text() const;
};

/// How a failed message is retried and where it ends.
struct FailurePolicy {
  explicit FailurePolicy(const config::Failures& failures);
  unsigned attempts;
  Backoff backoff;
  bool reject_when_exhausted;
  std::shared_ptr<const Target> dead_letter;
};

struct Route {
  const config::Route* config = nullptr;
  Pattern pattern{"#"};
  std::vector<Target> to;
  std::shared_ptr<const FailurePolicy> failures;
  RouteMark mark;
  Counter* matched = nullptr;

  /// Headers and subscription as `from` asks for; the pattern is looked at by the table.
  [[nodiscard]] bool accepts(const Message& message) const;
};

class RouteTable {
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Lane {
    std::unordered_map<std::string, std::vector<const Route*>, Hash, std::equal_to<>> exact;
    std::vector<const Route*> patterns;
  };

 public:
  /// The routes that the subscriptions of one broker may use, one lane each.
  using Lanes = std::vector<Lane>;

  using Handlers = std::unordered_map<std::string, handler::Handler*>;
  using Brokers = std::unordered_map<std::string, Endpoint>;

  /// Reports what cannot be compiled (bad templates, references that dangle) and leaves it out. `config` must outlive
  /// the table. Brokers and handlers that are not in the maps are null in the table.
  static std::shared_ptr<const RouteTable> compile(const config::Config& config, Brokers brokers,
                                                   const Handlers& handlers, config::Diagnostics& diagnostics);

  /// Null for a broker that is not configured. For match(), so that a source looks its broker up once and not for every
  /// message; valid as long as the table.
  [[nodiscard]] const Lanes* lanes(std::string_view broker) const;
  /// All routes that take the message, in the order of the file, into `out` (cleared first). Exact patterns are looked
  /// up, others are scanned.
  static void match(const Lanes* lanes, uint32_t subscription, const Message& message, std::vector<const Route*>& out);

  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }
  [[nodiscard]] const Endpoint* endpoint(const std::string& broker) const;
  /// The compiled form of a route of config().
  [[nodiscard]] const Route& route(const config::Route& config) const;
  [[nodiscard]] const reply::Replier& replier() const { return *replier_; }
  [[nodiscard]] const config::Config& config() const { return *config_; }
  /// For what no route takes.
  [[nodiscard]] const std::shared_ptr<const FailurePolicy>& default_failures() const { return failures_; }
  [[nodiscard]] bool discard_unrouted() const;

 private:
  class Compiler;

  const config::Config* config_ = nullptr;
  std::unordered_map<std::string, Endpoint, Hash, std::equal_to<>> endpoints_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::shared_ptr<const FailurePolicy> failures_;
  std::unique_ptr<const reply::Replier> replier_;
  std::unordered_map<std::string, Lanes, Hash, std::equal_to<>> lanes_;  ///< by broker
};

}  // namespace mombridge::routing
