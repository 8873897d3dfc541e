#pragma once
// What the configuration must know of a kind of broker to read its sections.

#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"

namespace mombridge::config {

class Section;  // yaml_reader.hpp

/// What the reader of a broker section may need beside it.
struct KindContext {
  std::string bridge_name;  ///< `name:`, the default of appname and group_id
  std::string broker_name;
  bool reply_keys = false;    ///< `replies.keys` has any
  bool environment = true;    ///< as in LoadOptions: files may be looked at
  uint64_t memory = kMemory;  ///< bytes that messages may take, over the whole process
};

/// What reads a destination: a route's `to:`, a handler's `reply_to:`, a dead letter.
enum class Use { route, reply, dead_letter };

/// What a client that only sends asks of its connection.
struct ClientOptions {
  std::string reply_to;                 ///< a name for the address that replies come back to; empty: none are wanted
  std::string id;                       ///< tells it from other clients
  std::optional<std::string> exchange;  ///< absent: the one of the section
};

/// How one kind of broker reads its section. The functions report into the section's diagnostics and return what they
/// could read.
struct KindReader {
  const KindTraits* traits;  ///< a constant
  std::shared_ptr<BrokerSettings> (*read)(Section& section, const KindContext& context);
  /// A route's `from:` with `queue:` or `topic:` (whichever is the kind's): adds the subscription, or finds the one
  /// that another route added, and returns its index; nullopt (and no error) where the section has neither.
  std::optional<size_t> (*subscribe_route)(Section& from, BrokerSettings& settings);
  /// `exchange`, `mandatory` and `timestamp` of a destination; those that the kind has no use for are errors.
  std::shared_ptr<const PublishOptions> (*read_options)(Section& destination, Use use, const BrokerSettings& settings);
  /// `declare:` of a dead letter, whose queue or topic has this name: how it is made where it does not exist yet. Null:
  /// brokers of the kind declare nothing.
  void (*read_own_declaration)(Section& destination, const std::string& name, BrokerSettings& settings) = nullptr;
};

}  // namespace mombridge::config
