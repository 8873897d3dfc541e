#pragma once
// One instance of a plugin, from create() to destroy(). No exception of the plugin's leaves this class.

#include <string>

#include "base/result.hpp"
#include "handler/breaches.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// Calls the plugin by the thread tags of handler.h: create, start and stop one at a time, handle() from any thread
/// between start() and stop().
class Plugin {
 public:
  /// `table` lives as long as the process (open_library()); `breaches` outlives this.
  Plugin(const mombridge_handler& table, Breaches& breaches) : table_(table), breaches_(breaches) {}
  /// Destroys the instance, unless it was abandoned.
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  /// `host` must stay valid until the destructor has returned.
  Result<> create(const mombridge_host& host);
  Result<> start();
  mombridge_status handle(const mombridge_message& message, mombridge_request_id id);
  void stop();
  /// Before the destructor, which then does nothing more.
  void destroy();
  /// A thread does not come back from the plugin: its instance is never destroyed.
  void abandon() { created_ = false; }

  [[nodiscard]] const mombridge_handler& table() const { return table_; }
  [[nodiscard]] bool serial() const { return table_.flags & MOMBRIDGE_HANDLER_SERIAL; }

 private:
  const mombridge_handler& table_;
  Breaches& breaches_;
  void* self_ = nullptr;
  bool created_ = false;
};

}  // namespace mombridge::handler
