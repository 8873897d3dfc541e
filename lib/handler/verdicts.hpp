#pragma once
// What a plugin's answers mean, wherever it runs.

#include <string>

#include "base/result.hpp"
#include "handler/breaches.hpp"
#include "handler/handler.hpp"
#include "handler/plugin_messages.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// Of what complete() was called with; null is allowed. The error says how it breaks the contract.
Result<Verdict> read_result(const mombridge_result* result, PluginMessages& messages);

/// Of what handle() has returned, other than OK. Reports a status that does not exist.
Verdict returned_verdict(mombridge_status status, const std::string& handler, Breaches& breaches);

}  // namespace mombridge::handler
