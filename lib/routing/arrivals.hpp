#pragma once
// What can be told from a configuration alone about the ways of messages: what arrives through a subscription, which
// subscriptions read what is sent somewhere.

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::routing {

/// The route takes what comes through the subscription with that index of the section, targets aside.
bool reads(const config::Route& route, const config::BrokerSection& section, size_t index);

/// The route may get something through that subscription. Where it cannot be told, it may.
bool may_take(const config::Route& route, const config::BrokerSection& section, size_t index);

/// A few different targets that arrive through the subscription and that the route takes; none where no such target was
/// found, or where a header chooses the targets.
std::vector<std::string> samples(const config::Route& route, const config::BrokerSection& section, size_t index);

/// The one target that this destination of the route always has, if that can be told from the file.
std::optional<std::string> constant_target(const config::Route& route, const config::Destination& to);

/// The one target that a message without key and headers has there, where the template takes others from them, if that
/// can be told from the file.
std::optional<std::string> default_target(const config::Route& route, const config::Destination& to);

/// Whether the route's headers let through what `to` sends, as far as the headers that `to` adds tell; nullopt: it
/// depends on the message.
std::optional<bool> accepts_headers(const config::Route& route, const config::Destination& to);

/// A subscription that gets what is sent to a target.
struct Reader {
  const config::BrokerSection* section;
  size_t index;
  bool certain;  ///< false: only if an exchange is of the kind that routes by patterns
};

/// All that read what `to` sends to `target`: subscriptions of its broker, under whatever names sections name that.
std::vector<Reader> readers(const config::Config& config, const config::Destination& to, const std::string& target);

}  // namespace mombridge::routing
