#pragma once
// The messages of one plugin, on their way into the bridge.

#include <memory>
#include <string>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "message/owned.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// [any thread]
class PluginMessages {
 public:
  /// `handler`: the name of its section.
  explicit PluginMessages(std::string handler) : handler_(std::move(handler)) {}

  /// A copy of what the plugin sent or returned, as copy() makes it. Headers that were left out are counted and logged.
  Result<std::unique_ptr<OwnedMessage>> take(const mombridge_message* message);

 private:
  const std::string handler_;
  Counter& dropped_ = counter("headers_dropped");
  log::Repeated log_;
};

}  // namespace mombridge::handler
