#pragma once
// What a plugin in a worker process may call: the same host table as in process, over frames.

#include <map>
#include <string>

#include "handler/worker/open_requests.hpp"
#include "handler/worker/outbox.hpp"
#include "handler/worker/page.hpp"
#include "handler/worker/remote_publisher.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler::worker {

/// [any thread] The plugin calls it. No exception reaches the plugin.
class RemoteHost {
 public:
  /// `settings`: what config_get() knows. All others outlive this.
  RemoteHost(const std::string& name, std::map<std::string, std::string> settings, const Page& page, Outbox& outbox,
             OpenRequests& requests, RemotePublisher& publisher, Breaches& breaches);
  RemoteHost(const RemoteHost&) = delete;
  RemoteHost& operator=(const RemoteHost&) = delete;

  [[nodiscard]] const mombridge_host& table() const { return table_; }

  /// While one lives, this thread is in handle(): what it answers may wait for the end of handle(), which sends it.
  class InHandle {
   public:
    InHandle() { inside = true; }
    ~InHandle() { inside = false; }
    InHandle(const InHandle&) = delete;
    InHandle& operator=(const InHandle&) = delete;
    static thread_local bool inside;
  };

 private:
  static void log(void* ctx, int32_t severity, mombridge_slice text) noexcept;
  static mombridge_status config_get(void* ctx, mombridge_slice path, mombridge_slice* out) noexcept;
  static mombridge_status complete(void* ctx, mombridge_request_id id, const mombridge_result* result) noexcept;
  static mombridge_status publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                                  mombridge_publish_done done, void* user) noexcept;
  static void count(void* ctx, mombridge_slice name, uint64_t by) noexcept;
  void flush_outside_handle();

  const std::string name_;
  const std::map<std::string, std::string> settings_;
  const Page& page_;
  Outbox& outbox_;
  OpenRequests& requests_;
  RemotePublisher& publisher_;
  Breaches& breaches_;
  const mombridge_host table_;
};

}  // namespace mombridge::handler::worker
