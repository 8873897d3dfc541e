#pragma once
// What is the same for all brokers of one kind.

#include <cstddef>
#include <string_view>

namespace mombridge::config {

/// Each kind has one constant of these, and the settings of its brokers point to it. Whoever needs to know something
/// about a kind asks here, or a virtual method of BrokerSettings or Broker: nobody compares names of kinds.
struct KindTraits {
  std::string_view type;  ///< its name in `type:`
  /// A broker of it lives in this process: all that it delivers was published to it by this bridge, and nobody else can
  /// connect to it.
  bool internal = false;
  /// What is published to a target goes to an exchange with the target as key, and not to whoever reads that target.
  bool exchanges = false;
  /// It keeps messages as records, each with a key of its own and with a time from which its retention counts.
  bool records = false;
  /// It has a place for a message that is rejected. Without one, its consumer would only go on to the next message.
  bool takes_rejected = true;
  size_t longest_correlation_id = 2048;  ///< bytes
  /// Globs that a new `allow_reply_to` may begin with, as they are written in the file.
  std::string_view reply_to_globs = R"(["replies.*"])";
};

/// Of a section whose kind is not known.
inline constexpr KindTraits kUnknownKind{};

}  // namespace mombridge::config
