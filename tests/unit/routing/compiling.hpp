#pragma once
// Compiling route tables in tests: with the kinds of destinations that the program has.

#include <memory>

#include "routing/destination_broker.hpp"
#include "routing/destination_handler.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing::test {

inline const DestinationKinds& kinds() {
  static const DestinationKinds kAll{broker_destination_kind(), handler_destination_kind()};
  return kAll;
}

inline std::shared_ptr<const RouteTable> compile(const config::Config& config, config::Diagnostics& diagnostics,
                                                 const RouteTable::Brokers& brokers = {},
                                                 const RouteTable::Handlers& handlers = {},
                                                 const RouteTable* former = nullptr) {
  return RouteTable::compile(std::make_shared<const config::Config>(config), kinds(), brokers, handlers, diagnostics,
                             former);
}

}  // namespace mombridge::routing::test
