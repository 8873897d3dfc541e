#pragma once
// What a plugin does against its contract: counted, logged, and kept from going further.

#include <string>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// [any thread] All of it.
class Breaches {
 public:
  explicit Breaches(std::string handler)
      : handler_(std::move(handler)), counter_(counter("handler_contract_breaches", handler_)) {}

  void report(const char* what) {
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
  Counter& counter_;
  log::Repeated log_;
};

}  // namespace mombridge::handler
