#pragma once
// A thread for which nobody waits: it ends by itself, and what it uses it must own.

#include <functional>
#include <string>

namespace mombridge {

/// [any thread] Returns 0, or the errno for which no thread could be made; then `run` was not called. `name`: at most
/// 15 characters are shown. An exception in `run` ends there, with a line in the log.
int start_detached(const std::string& name, std::function<void()> run) noexcept;

}  // namespace mombridge
