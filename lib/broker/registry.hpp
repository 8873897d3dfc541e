#pragma once
// A kind of broker is one line in daemon/builtin.cpp: its name in `type:`, how its section is read, how it is made.

#include <memory>
#include <string>

#include "broker/broker.hpp"
#include "config/load.hpp"

namespace mombridge {

struct BrokerKind {
  config::KindReader reader;  ///< reads its section of the file
  /// `settings` are those that `reader` made; they outlive the broker.
  std::unique_ptr<Broker> (*create)(const config::BrokerSection& section);
  /// Reports what only the kind's client library can tell of a section: it is tried out, offline, in milliseconds.
  /// Null: nothing.
  void (*try_out)(const config::BrokerSection& section, config::Diagnostics& diagnostics) = nullptr;
  /// "3 AMQP connections to shop": what a section needs at its broker, for who sets limits there. Null: nothing.
  std::string (*needs)(const config::BrokerSection& section) = nullptr;
  /// All that it delivers was published to it by this bridge: it is drained after what comes from outside.
  bool internal = false;
  /// Settings for a client that just sends: the section's connection without its subscriptions. With `reply_to`, a
  /// name, it has one for replies, whose address is `reply_address`; `id` tells it from other clients. Null where
  /// nobody can connect from outside.
  std::shared_ptr<config::BrokerSettings> (*client_settings)(const config::BrokerSettings& settings,
                                                             const std::string& reply_to,
                                                             const std::string& id) = nullptr;
};

}  // namespace mombridge
