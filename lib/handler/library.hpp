#pragma once
// A plugin's .so: opened once, checked before anything in it is called, never closed.

#include <string>

#include "base/result.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// Opens the file and returns the plugin's table, which lives as long as the process (a plugin's threads and unique
/// symbols make dlclose unsafe). A refusal names the file, what was expected and what was found. [any thread]
Result<const mombridge_handler*> open_library(const std::string& path);

}  // namespace mombridge::handler
