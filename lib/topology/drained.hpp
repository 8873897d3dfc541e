#pragma once
// What an operator has drained: sections of the configuration whose sources take nothing until they are resumed.

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace mombridge::topology {

/// A broker as a source, or a route, by its name.
struct Section {
  enum class Kind { broker, route };
  Kind kind = Kind::broker;
  std::string name;

  /// "broker shop"
  [[nodiscard]] std::string text() const { return (kind == Kind::broker ? "broker " : "route ") + name; }
  [[nodiscard]] bool in(const config::Config& config) const;
  auto operator<=>(const Section&) const = default;
};

/// A subscription, by its number in the settings of the section.
struct Source {
  const config::BrokerSection* broker;
  size_t subscription;
};

/// The subscriptions that the messages of the section come through; but for those of replies, which are what the bridge
/// has asked for itself.
[[nodiscard]] std::vector<Source> sources_of(const Section& section, const config::Config& config);

/// Other routes that get nothing, or less, while these sources take nothing.
[[nodiscard]] std::vector<std::string> routes_beside(const Section& section, const config::Config& config);

class Drained {
 public:
  /// Returns whether that is new.
  bool add(const Section& section) { return sections_.insert(section).second; }
  /// Returns whether it was drained.
  bool remove(const Section& section) { return sections_.erase(section) > 0; }
  /// What this configuration has not is drained no longer.
  void keep_those_of(const config::Config& config);
  [[nodiscard]] const std::set<Section>& sections() const { return sections_; }

  /// For Pausing::pause(); empty: nothing of this broker, a section of the configuration, is paused.
  [[nodiscard]] std::vector<bool> paused(const config::BrokerSection& broker, const config::Config& config) const;

 private:
  std::set<Section> sections_;
};

}  // namespace mombridge::topology
