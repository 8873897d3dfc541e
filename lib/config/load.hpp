#pragma once
// From files and folders to a Config.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::config {

class Section;  // yaml_reader.hpp

/// What the reader of a broker section may need beside it.
struct KindContext {
  std::string bridge_name;  ///< `name:`, the default of appname and group_id
  std::string broker_name;
  bool reply_keys = false;  ///< `replies.keys` has any
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

struct LoadOptions {
  std::vector<std::filesystem::path> paths;  ///< files, or folders (their *.yaml in name order)
  bool environment = true;                   ///< false: `${…}` is not expanded, files and plugins are not looked at
  std::filesystem::path handler_folder;      ///< where a relative plugin path is looked for second
};

/// Reads, expands, merges and checks everything that can be seen without compiling routes (that is routing/check).
/// Returns what could be read even where there are errors, so that later checks can add theirs.
Config load(const LoadOptions& options, const std::vector<KindReader>& kinds, Diagnostics& diagnostics);

}  // namespace mombridge::config
