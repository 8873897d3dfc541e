#include "handler/worker/remote_host.hpp"

#include <algorithm>
#include <utility>

#include "handler/abi.hpp"

namespace mombridge::handler::worker {

namespace {

constexpr size_t kLongestLine = 4096;
constexpr size_t kLongestName = 256;  ///< of a counter; the bridge cuts it further

RemoteHost& self(void* ctx) { return *static_cast<RemoteHost*>(ctx); }

}  // namespace

thread_local bool RemoteHost::InHandle::inside = false;

RemoteHost::RemoteHost(const std::string& name, std::map<std::string, std::string> settings, const Page& page,
                       Outbox& outbox, OpenRequests& requests, RemotePublisher& publisher, Breaches& breaches)
    : name_(name),
      settings_(std::move(settings)),
      page_(page),
      outbox_(outbox),
      requests_(requests),
      publisher_(publisher),
      breaches_(breaches),
      table_{.struct_size = sizeof table_,
             .ctx = this,
             .name = slice(std::string_view(name_)),
             .log = log,
             .config_get = config_get,
             .complete = complete,
             .publish = publish,
             .count = count} {}

void RemoteHost::flush_outside_handle() {
  if (!InHandle::inside) outbox_.flush();
}

void RemoteHost::log(void* ctx, int32_t severity, mombridge_slice text) noexcept {
  auto& host = self(ctx);
  auto level = std::clamp(severity, 0, 3);
  auto least = host.page_.content().log_level.load(std::memory_order_relaxed);
  if (static_cast<uint32_t>(level) < least || host.outbox_.full()) return;
  host.outbox_.gather([&](FrameBuffer& out) {
    FrameWriter(out, FrameType::log).octet(static_cast<uint8_t>(level)).text(view(text).substr(0, kLongestLine));
  });
  host.flush_outside_handle();
}

mombridge_status RemoteHost::config_get(void* ctx, mombridge_slice path, mombridge_slice* out) noexcept {
  auto& settings = self(ctx).settings_;
  auto found = settings.find(std::string(view(path)));
  if (found == settings.end() || !out) return MOMBRIDGE_NOT_FOUND;
  *out = {found->second.c_str(), found->second.size()};
  return MOMBRIDGE_OK;
}

mombridge_status RemoteHost::complete(void* ctx, mombridge_request_id id, const mombridge_result* result) noexcept {
  auto& host = self(ctx);
  auto status = host.requests_.complete(id, result);
  if (status == MOMBRIDGE_NOT_FOUND) host.breaches_.report("a handler completed a request that is not open");
  host.flush_outside_handle();
  return status;
}

mombridge_status RemoteHost::publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                                     mombridge_publish_done done, void* user) noexcept {
  auto status = self(ctx).publisher_.publish(view(broker), message, done, user);
  self(ctx).flush_outside_handle();
  return status;
}

void RemoteHost::count(void* ctx, mombridge_slice name, uint64_t by) noexcept {
  auto& host = self(ctx);
  host.outbox_.gather([&](FrameBuffer& out) {
    FrameWriter(out, FrameType::count).text(view(name).substr(0, kLongestName)).number(by);
  });
  host.flush_outside_handle();
}

}  // namespace mombridge::handler::worker
