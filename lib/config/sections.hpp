#pragma once
// The parts of load(), one per section of the file.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/kind_reader.hpp"
#include "config/live_secret.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::config {

/// What every part needs while the configuration grows.
struct Loading {
  bool environment;  ///< as in LoadOptions, and so is the folder
  const std::filesystem::path& handler_folder;
  const std::vector<KindReader>& kinds;
  Config& config;

  /// nullptr: no such kind, or no such broker.
  [[nodiscard]] const KindReader* kind(const std::string& type) const;
  [[nodiscard]] const KindReader* kind_of(const std::string& broker) const;
};

/// Reads a key that names something. False where it is absent, not known yet, or names nothing; that is reported.
bool reference(Section& section, const std::string& key, const std::string& what, const std::vector<std::string>& known,
               std::string& into);
std::vector<std::string> broker_names(const Config& config);

/// `name`, `log`, `unrouted` and so on, and the sections of the contract that do not exist yet.
void read_top(Section& top, Loading& loading);
void read_replies(Section& top, Replies& into);
/// `listen:` of a section. Absent, and reported, where it is missing or wrong.
std::optional<Listener> read_listen(Section& section, const char* example);
/// `token:` of a section with a listener. Returns whether it is there; an empty one is reported.
bool read_token(Section& section, LiveSecret& into);
/// Reports a listener that other machines reach; for a section without a token.
void check_no_token(Section& section, const Listen& listen);
/// `admin:` and `probes:`.
void read_listeners(Section& top, Config& config);
/// `ingress:`, which names brokers: after them and after what the bridge owns at them.
void read_ingress(Section& top, Loading& loading);
/// `late_replies:` and the like.
void read_unusable(Section& section, const std::string& key, Unusable& into);
void read_brokers(Section& top, Loading& loading);
void read_handlers(Section& top, Loading& loading);
/// The global `failures:`, and `unrouted:`, which depends on it.
void read_failures(Section& top, Loading& loading);
/// Over the values that `into` has: a route's own `failures:` overrides key by key.
void read_failures_into(Section& section, Failures& into, Loading& loading);
void read_routes(Section& top, Loading& loading);

/// Its target is the name of one queue or topic.
bool names_target(const Destination& to);
Destination read_destination(Section& section, Use use, Loading& loading);

}  // namespace mombridge::config
