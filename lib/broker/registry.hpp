#pragma once
// A kind of broker is one line in daemon/builtin.cpp: its traits, how its section is read, how it is made.

#include <memory>
#include <string>
#include <vector>

#include "broker/access.hpp"
#include "broker/broker.hpp"
#include "broker/browser.hpp"
#include "config/load.hpp"

namespace mombridge {

struct BrokerKind {
  config::KindReader reader;  ///< its traits, and how its section of the file is read
  /// `settings` are those that `reader` made; they outlive the broker.
  std::unique_ptr<Broker> (*create)(const config::BrokerSection& section);
  /// Two brokers of one section must not run side by side, because they would be members of one group.
  bool one_at_a_time = false;
  /// Reports what only the kind's client library can tell of a section: it is tried out, offline, in milliseconds.
  /// Null: nothing.
  void (*try_out)(const config::BrokerSection& section, config::Diagnostics& diagnostics) = nullptr;
  /// Logs in as the broker itself would, and looks at all that the section subscribes to and declares, and that
  /// `sendings` go to: whether it is there, and may be read, written and declared. Consumes, declares and publishes
  /// nothing. Blocks; where the broker is away, as long as one attempt to connect takes. [any thread] Null: there is
  /// nothing to log in to.
  std::vector<Finding> (*check_access)(const config::BrokerSection& section,
                                       const std::vector<Sending>& sendings) = nullptr;
  /// "3 AMQP connections to shop": what a section needs at its broker, for people who set limits there. Null: nothing.
  std::string (*needs)(const config::BrokerSection& section) = nullptr;
  /// Settings for a client that only sends: the section's connection without its subscriptions. Where the client wants
  /// replies, there is one subscription for them, to the settings' `reply_address`. Null where nobody can connect from
  /// outside.
  std::shared_ptr<config::BrokerSettings> (*client_settings)(const config::BrokerSettings& settings,
                                                             const config::ClientOptions& client) = nullptr;
  /// Looks through a queue or topic of the broker. `section` outlives the browser. Null: nobody can from outside.
  std::unique_ptr<Browser> (*browse)(const config::BrokerSection& section, const BrowseOptions& options) = nullptr;
  /// How a message that came through a subscription, which is one of the section's, with that target, comes that way
  /// again. Fails, in words for people, where that cannot be. Null: never.
  Result<WayBack> (*way_back)(const config::BrokerSettings& settings, const config::Subscription& subscription,
                              const std::string& target) = nullptr;
};

}  // namespace mombridge
