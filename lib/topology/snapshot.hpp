#pragma once
// Everything that one configuration means while it runs, as one object that owns itself.

#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "broker/broker.hpp"
#include "config/config.hpp"
#include "handler/registry.hpp"
#include "routing/route_table.hpp"
#include "topology/retired.hpp"

namespace mombridge::topology {

/// What a snapshot is made of. Brokers and handlers may belong to several snapshots: what a later configuration leaves
/// as it is goes on running.
struct Parts {
  std::shared_ptr<const config::Config> config;
  std::map<std::string, std::shared_ptr<Broker>> brokers;  ///< by name, one for each section
  std::shared_ptr<handler::Registry> handlers;
};

/// Immutable. Whoever holds it, or its routes, keeps the configuration, the brokers and the handlers that it names: the
/// bridge as long as it is the present one, each delivery on its way by it. It is ended on the main thread.
class Snapshot {
 public:
  /// Compiles the routes, which are to follow those of `former`, if any; fails with the first thing that is wrong with
  /// them. `retired` ends it.
  static Result<std::shared_ptr<const Snapshot>> make(Parts parts, const routing::DestinationKinds& kinds,
                                                      const std::shared_ptr<Retired>& retired,
                                                      const routing::RouteTable* former = nullptr);

  [[nodiscard]] const config::Config& config() const { return *parts_.config; }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<Broker>>& brokers() const { return parts_.brokers; }
  [[nodiscard]] handler::Registry& handlers() const { return *parts_.handlers; }

  [[nodiscard]] const routing::RouteTable& table() const { return *routes_; }

  /// The routes of `snapshot`, which stays for as long as they are held.
  static std::shared_ptr<const routing::RouteTable> routes(const std::shared_ptr<const Snapshot>& snapshot) {
    return {snapshot, snapshot->routes_.get()};
  }

 private:
  explicit Snapshot(Parts parts) : parts_(std::move(parts)) {}

  Parts parts_;
  std::shared_ptr<const routing::RouteTable> routes_;
};

}  // namespace mombridge::topology
