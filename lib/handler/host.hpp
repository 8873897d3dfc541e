#pragma once
// What a plugin may call: the host table of one instance.

#include "config/config.hpp"
#include "handler/breaches.hpp"
#include "handler/plugin_counters.hpp"
#include "handler/plugin_log.hpp"
#include "handler/plugin_messages.hpp"
#include "handler/publisher.hpp"
#include "handler/requests.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

/// [any thread] The plugin calls it. No exception may reach the plugin: what is large is copied with care
/// (PluginMessages), and where there is no memory for a few words either, the process ends and its messages come again.
class Host {
 public:
  /// All of them outlive this.
  Host(const config::Handler& config, Requests& requests, PluginMessages& messages, Publisher& publisher,
       Breaches& breaches);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] const mombridge_host& table() const { return table_; }

 private:
  static void log(void* ctx, int32_t severity, mombridge_slice text) noexcept;
  static mombridge_status config_get(void* ctx, mombridge_slice path, mombridge_slice* out) noexcept;
  static mombridge_status complete(void* ctx, mombridge_request_id id, const mombridge_result* result) noexcept;
  static mombridge_status publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                                  mombridge_publish_done done, void* user) noexcept;
  static void count(void* ctx, mombridge_slice name, uint64_t by) noexcept;

  const config::Handler& config_;
  Requests& requests_;
  PluginMessages& messages_;
  Publisher& publisher_;
  Breaches& breaches_;
  PluginCounters counters_;
  PluginLog log_;
  const mombridge_host table_;
};

}  // namespace mombridge::handler
