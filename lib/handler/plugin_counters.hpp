#pragma once
// The counters that a plugin names itself.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "handler/breaches.hpp"

namespace mombridge::handler {

/// [any thread] All of it.
class PluginCounters {
 public:
  PluginCounters(const std::string& handler, Breaches& breaches) : prefix_("handler_" + handler), breaches_(breaches) {}

  /// Their number is bounded, because a bad plugin makes their names from messages: beyond it, "other" counts.
  void add(std::string_view name, uint64_t by);

 private:
  const std::string prefix_;
  Breaches& breaches_;
  std::mutex mutex_;
  std::map<std::string, Counter*, std::less<>> counters_;
};

}  // namespace mombridge::handler
