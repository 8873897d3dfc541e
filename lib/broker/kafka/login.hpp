#pragma once
// How the clients of a section log in to its brokers, as far as errors about it have to say.

#include <string>

#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// From `tls:` and `sasl:`, or else from `librdkafka:`.
struct Login {
  explicit Login(const Settings& settings);

  bool tls = false, sasl = false;
  bool tls_1_3 = false;     ///< nothing older is allowed
  std::string ca;           ///< path of the CAs that are trusted; empty: the system's
  std::string certificate;  ///< path of the client's; empty: none
  std::string mechanism;    ///< with `sasl`
  std::string username;     ///< where the mechanism has one
  /// "User:bridge", as Kafka's tools for permissions want it; "User:..." where the bridge cannot know it.
  [[nodiscard]] std::string principal() const;
};

}  // namespace mombridge::kafka
