#pragma once
// The routes, compiled: immutable, shared by all threads, swapped whole.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "message/message.hpp"
#include "reply/replier.hpp"
#include "routing/destination.hpp"
#include "routing/destination_reply.hpp"
#include "routing/destination_source.hpp"
#include "routing/lane.hpp"
#include "routing/route.hpp"

namespace mombridge::routing {

/// A broker as a place that messages come from, and go back to.
struct Origin {
  explicit Origin(Endpoint e) : endpoint(e), requesters(endpoint), source(endpoint) {}

  /// All routes that take the message, in the order of the file, into `matches.routes` (cleared first).
  void match(uint32_t subscription, const Message& message, RouteMatches& matches) const;

  /// One subscription: the routes that name it, and whether it feeds those that name none.
  struct Subscription {
    Lane own;
    bool shared = false;
  };

  Endpoint endpoint;
  std::vector<Subscription> subscriptions;
  Lane shared;  ///< once for all subscriptions, because there may be hundreds of them
  ReplyDestination requesters;
  SourceDestination source;
};

class RouteTable {
 public:
  using Handlers = std::unordered_map<std::string, handler::Handler*>;
  using Brokers = std::unordered_map<std::string, Broker*>;

  /// Reports what cannot be compiled (bad templates, references that dangle) and leaves it out. Brokers and handlers
  /// that are not in the maps are null in the table; those that are outlive it. `former` is the table that this one is
  /// to follow, if any: a route of the same name goes on with the bucket of its rate (change_rates()).
  static std::shared_ptr<const RouteTable> compile(std::shared_ptr<const config::Config> config,
                                                   const DestinationKinds& kinds, const Brokers& brokers,
                                                   const Handlers& handlers, config::Diagnostics& diagnostics,
                                                   const RouteTable* former = nullptr);

  /// [any thread] This table is used now, in place of `former`: the routes take their messages at the rates that it
  /// says, and what waits for a rate that is no more goes on.
  void change_rates(const RouteTable& former) const;

  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }
  /// Null for a broker that is not configured.
  [[nodiscard]] const Origin* origin(std::string_view broker) const;
  /// The route at that place in the file.
  [[nodiscard]] const Route& route(size_t place) const { return *routes_[place]; }
  /// [any thread] Messages from that broker wait for the rate of a route.
  [[nodiscard]] bool limits(std::string_view broker) const;
  /// That its messages may go to.
  [[nodiscard]] std::vector<std::string> handlers_of(std::string_view broker) const;
  /// Null: there is none of that name.
  [[nodiscard]] const Route* route(std::string_view name) const;
  [[nodiscard]] const reply::Replier& replier() const { return *replier_; }
  [[nodiscard]] const config::Config& config() const { return *config_; }
  /// For what no route takes.
  [[nodiscard]] const std::shared_ptr<const FailurePolicy>& default_failures() const { return failures_; }
  [[nodiscard]] bool discard_unrouted() const;

 private:
  class Compiler;

  std::shared_ptr<const config::Config> config_;
  std::unordered_map<std::string, std::unique_ptr<Origin>, TextHash, std::equal_to<>> origins_;
  std::unique_ptr<const reply::Replier> replier_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::shared_ptr<const FailurePolicy> failures_;
};

}  // namespace mombridge::routing
