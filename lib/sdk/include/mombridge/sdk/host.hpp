// What the bridge offers to a handler: configuration, log, counters, publish.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mombridge/handler.h"
#include "mombridge/sdk/config.hpp"
#include "mombridge/sdk/message.hpp"

namespace mombridge::sdk {

// A reference to the bridge's table, cheap to copy, [thread-safe], valid until the handler's destructor has returned.
class Host {
 public:
  explicit Host(const mombridge_host& host) noexcept : host_(&host) {}

  // Of the instance: its section under `handlers:`.
  std::string_view name() const noexcept { return view(host_->name); }
  Config config() const noexcept { return Config(*host_); }

  void debug(std::string_view text) const noexcept { host_->log(host_->ctx, MOMBRIDGE_LOG_DEBUG, slice(text)); }
  void info(std::string_view text) const noexcept { host_->log(host_->ctx, MOMBRIDGE_LOG_INFO, slice(text)); }
  void warn(std::string_view text) const noexcept { host_->log(host_->ctx, MOMBRIDGE_LOG_WARN, slice(text)); }
  void error(std::string_view text) const noexcept { host_->log(host_->ctx, MOMBRIDGE_LOG_ERROR, slice(text)); }

  // Adds to a counter of the bridge's metrics; names come from a fixed set: letters, digits, underscores.
  void count(std::string_view counter, std::uint64_t by = 1) const noexcept {
    host_->count(host_->ctx, slice(counter), by);
  }

  // Sends a message, from start() to stop(). Without a callback a failure is only logged and counted by the bridge.
  Status publish(std::string_view broker, const Message& message) const {
    detail::Wire wire(message);
    return static_cast<Status>(host_->publish(host_->ctx, slice(broker), &wire.message(), nullptr, nullptr));
  }

  // The same, with `done(Status, std::string_view error)`: runs exactly once if this returns ok, on the thread of the
  // handler's callbacks, maybe before this returns; one that blocks delays the others. May be move-only, so it can carry
  // the Request. If this does not return ok, `done` is destroyed without being run.
  template <class Done>
  requires std::is_invocable_v < std::decay_t<Done>
  &, Status, std::string_view > Status publish(std::string_view broker, const Message& message, Done&& done) const {
    using State = PendingPublish<std::decay_t<Done>>;
    detail::Wire wire(message);
    auto state = std::make_unique<State>(*host_, std::forward<Done>(done));
    const mombridge_status status =
        host_->publish(host_->ctx, slice(broker), &wire.message(), &State::finish, state.get());
    // From OK on the callback owns it, and may have deleted it already.
    if (status == MOMBRIDGE_OK) static_cast<void>(state.release());
    return static_cast<Status>(status);
  }

  const mombridge_host& raw() const noexcept { return *host_; }

 private:
  template <class Done>
  struct PendingPublish {
    PendingPublish(const mombridge_host& owner, Done callback) : host(&owner), done(std::move(callback)) {}

    static void finish(void* user, mombridge_status status, mombridge_slice error) noexcept {
      const std::unique_ptr<PendingPublish> self(static_cast<PendingPublish*>(user));
      try {
        self->done(static_cast<Status>(status), view(error));
      } catch (const std::exception& thrown) {
        Host(*self->host).error(thrown.what());
      } catch (...) {
        Host(*self->host).error("a publish callback threw something that is no std::exception");
      }
    }

    const mombridge_host* host;
    Done done;
  };

  const mombridge_host* host_;
};

}  // namespace mombridge::sdk
