#include "topology/snapshot.hpp"

#include <utility>

namespace mombridge::topology {

Result<std::shared_ptr<const Snapshot>> Snapshot::make(Parts parts, const routing::DestinationKinds& kinds,
                                                       const std::shared_ptr<Retired>& retired,
                                                       const routing::RouteTable* former) {
  std::unique_ptr<Snapshot> snapshot(new Snapshot(std::move(parts)));
  auto& owned = snapshot->parts_;
  routing::RouteTable::Brokers brokers;
  for (auto& [name, broker] : owned.brokers) brokers[name] = broker.get();
  config::Diagnostics diagnostics;
  snapshot->routes_ =
      routing::RouteTable::compile(owned.config, kinds, brokers, owned.handlers->by_name(), diagnostics, former);
  if (!diagnostics.ok()) return fail(diagnostics.sorted().front().text());
  auto* made = snapshot.release();
  return std::shared_ptr<const Snapshot>(made,
                                         [retired](const Snapshot* ended) { retired->add([ended] { delete ended; }); });
}

}  // namespace mombridge::topology
