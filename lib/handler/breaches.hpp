#pragma once
// What a plugin does against its contract: counted, logged, and kept from going further.

#include <functional>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "base/crash.hpp"
#include "base/log.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// [any thread] All of it.
class Breaches {
 public:
  /// Told of each breach instead of the counter and the log, where those are in another process.
  using Elsewhere = std::function<void(std::string_view what)>;

  /// `plugin` and `version` live as long as this.
  explicit Breaches(std::string handler, std::string_view plugin = {}, std::string_view version = {},
                    Elsewhere elsewhere = nullptr)
      : handler_(std::move(handler)),
        plugin_(plugin),
        version_(version),
        elsewhere_(std::move(elsewhere)),
        counter_(counter("handler_contract_breaches", handler_)) {}

  void report(std::string_view what) {
    if (elsewhere_) return elsewhere_(what);
    counter_.add();
    log_.event(log::Level::warn, what, {{"handler", handler_}});
  }

  /// A call into the plugin, for the last line of the log should the plugin crash there.
  struct Entry {
    std::string_view function;                      ///< of the plugin
    std::string_view message_id = {}, target = {};  ///< of the message that it handles
  };
  /// Calls into the plugin. Nothing may be thrown across the ABI, but a plugin that does without handler.hpp can do it.
  template <class Function>
  mombridge_status contain(const Entry& entry, Function function) {
    crash::Doing doing("a handler's plugin crashed, and its process with it", {{{"handler", handler_},
                                                                                {"plugin", plugin_},
                                                                                {"version", version_},
                                                                                {"function", entry.function},
                                                                                {"message_id", entry.message_id},
                                                                                {"target", entry.target}}});
    try {
      return function();
    } catch (...) {
      report("a handler threw an exception");
      return MOMBRIDGE_INTERNAL;
    }
  }

 private:
  const std::string handler_;
  const std::string_view plugin_, version_;
  const Elsewhere elsewhere_;
  Counter& counter_;
  log::Repeated log_;
};

}  // namespace mombridge::handler
