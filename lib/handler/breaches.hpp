#pragma once
// What a plugin does against its contract: counted, logged, and kept from going further.

#include <functional>
#include <string>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// [any thread] All of it.
class Breaches {
 public:
  /// Told of each breach instead of the counter and the log, where those are in another process.
  using Elsewhere = std::function<void(std::string_view what)>;

  explicit Breaches(std::string handler, Elsewhere elsewhere = nullptr)
      : handler_(std::move(handler)),
        elsewhere_(std::move(elsewhere)),
        counter_(counter("handler_contract_breaches", handler_)) {}

  void report(std::string_view what) {
    if (elsewhere_) return elsewhere_(what);
    counter_.add();
    log_.event(log::Level::warn, what, {{"handler", handler_}});
  }

  /// Calls into the plugin. Nothing may be thrown across the ABI, but a plugin that does without handler.hpp can do it.
  template <class Function>
  mombridge_status contain(Function function) {
    try {
      return function();
    } catch (...) {
      report("a handler threw an exception");
      return MOMBRIDGE_INTERNAL;
    }
  }

 private:
  const std::string handler_;
  const Elsewhere elsewhere_;
  Counter& counter_;
  log::Repeated log_;
};

}  // namespace mombridge::handler
