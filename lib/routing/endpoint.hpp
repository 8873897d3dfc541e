#pragma once
// A broker as routing sees it.

#include "config/config.hpp"

namespace mombridge {
class Broker;
}

namespace mombridge::routing {

/// `instance` is null where nothing runs (check, explain).
struct Endpoint {
  const config::BrokerSection* section = nullptr;
  Broker* instance = nullptr;
};

/// [any thread] What is published there waits, because the broker is not connected.
[[nodiscard]] bool away(const Endpoint& endpoint) noexcept;

}  // namespace mombridge::routing
