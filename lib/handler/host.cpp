// What a plugin may call: the host table of one instance.

#include <algorithm>

#include "base/text.hpp"
#include "broker/broker.hpp"
#include "handler/abi.hpp"
#include "handler/instance.hpp"

namespace mombridge::handler {

namespace {

constexpr size_t kLongestLine = 4096, kLongestReason = 1024;
constexpr uint64_t kMaxUnconfirmed = 10000;  ///< publishes of one handler; more are BUSY

Verdict to_verdict(const mombridge_result& result, std::unique_ptr<OwnedMessage> reply) {
  switch (result.status) {
    case MOMBRIDGE_OK:
      return {Verdict::Kind::ok, {}, std::move(reply)};
    case MOMBRIDGE_REJECT:
      return {Verdict::Kind::reject, printable(view(result.error), kLongestReason), nullptr};
    default:
      return {Verdict::Kind::retry, printable(view(result.error), kLongestReason), nullptr};
  }
}

}  // namespace

/// A publish of a plugin: owns its message, deletes itself when it is completed.
struct Instance::PluginPublication final : Publication {
  PluginPublication(std::shared_ptr<Instance> i, const config::BrokerSettings& settings,
                    std::unique_ptr<OwnedMessage> m, mombridge_publish_done d, void* u)
      : instance(std::move(i)), owned(std::move(m)), done(d), user(u) {
    owned->message.app_id = settings.appname;
    message = &owned->message;
    exchange = settings.exchange;
    target = owned->message.target;
    key = owned->message.key;
  }
  void completed(Outcome outcome) noexcept override {
    auto status = outcome.kind == Outcome::Kind::delivered ? MOMBRIDGE_OK
                  : outcome.kind == Outcome::Kind::refused ? MOMBRIDGE_REJECT
                  : instance->accepts_publish_             ? MOMBRIDGE_RETRY
                                                           : MOMBRIDGE_CLOSED;
    if (status != MOMBRIDGE_OK) {
      instance->publish_failures_.add();
      instance->publish_log_.event(log::Level::warn, "a handler's publish failed",
                                   {{"handler", instance->name()}, {"target", target}, {"reason", outcome.reason}});
    }
    if (done) done(user, status, slice(std::string_view(outcome.reason)));
    --instance->unconfirmed_;
    delete this;
  }

  std::shared_ptr<Instance> instance;
  std::unique_ptr<OwnedMessage> owned;
  mombridge_publish_done done;
  void* user;
};

/// The functions of the host table; `ctx` is the Instance. No exception may reach the plugin: what is large is copied
/// with care (PluginMessages), and where there is no memory for a few words either, the process ends and its messages
/// come again.
struct HostCallbacks {
  static Instance& self(void* ctx) { return *static_cast<Instance*>(ctx); }

  static void log(void* ctx, int32_t severity, mombridge_slice text) noexcept {
    constexpr log::Level kLevels[] = {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error};
    auto level = kLevels[std::clamp(severity, 0, 3)];
    if (log::enabled(level)) log::event(level, view(text).substr(0, kLongestLine), {{"handler", self(ctx).name()}});
  }

  static mombridge_status config_get(void* ctx, mombridge_slice path, mombridge_slice* out) noexcept {
    auto& settings = self(ctx).config_.settings;
    auto found = settings.find(std::string(view(path)));
    if (found == settings.end() || !out) return MOMBRIDGE_NOT_FOUND;
    *out = {found->second.c_str(), found->second.size()};
    return MOMBRIDGE_OK;
  }

  static mombridge_status complete(void* ctx, mombridge_request_id id, const mombridge_result* result) noexcept {
    auto& instance = self(ctx);
    auto status = MOMBRIDGE_OK;
    Verdict verdict{Verdict::Kind::retry, "the handler's result breaks the contract", nullptr};
    bool known = result && result->struct_size >= MOMBRIDGE_RESULT_SIZE_1_0 && result->status <= MOMBRIDGE_OK &&
                 result->status >= MOMBRIDGE_REJECT;
    if (!known) {
      status = MOMBRIDGE_INVALID;
    } else if (result->status != MOMBRIDGE_OK || !result->reply) {
      verdict = to_verdict(*result, nullptr);
    } else if (auto reply = instance.messages_.take(result->reply)) {
      verdict = to_verdict(*result, std::move(*reply));
    } else {
      status = MOMBRIDGE_INVALID;
      verdict.reason = "the handler's reply breaks the contract: " + reply.error().text;
    }
    std::optional<Requests::Finished> finished;
    if (instance.requests_.complete(id, std::move(verdict), finished) == Requests::Completion::not_open) {
      instance.breach("a handler completed a request that is not open");
      return MOMBRIDGE_NOT_FOUND;
    }
    if (status != MOMBRIDGE_OK) instance.breach("a handler completed a request with an invalid result");
    if (finished) instance.hand_over(*finished);
    return status;
  }

  static mombridge_status publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                                  mombridge_publish_done done, void* user) noexcept {
    auto& instance = self(ctx);
    if (!instance.accepts_publish_ || !instance.outward_.enter()) return MOMBRIDGE_CLOSED;
    auto status = publish(instance, broker, message, done, user);
    instance.outward_.leave();
    return status;
  }

  static mombridge_status publish(Instance& instance, mombridge_slice broker, const mombridge_message* message,
                                  mombridge_publish_done done, void* user) {
    auto outlet = instance.find_broker_(std::string(view(broker)));
    if (!outlet.broker) return MOMBRIDGE_NOT_FOUND;
    auto owned = instance.messages_.take(message);
    if (!owned || (*owned)->message.target.empty()) return MOMBRIDGE_INVALID;
    if (++instance.unconfirmed_ > kMaxUnconfirmed) {
      --instance.unconfirmed_;
      return MOMBRIDGE_BUSY;
    }
    outlet.broker->publish(
        *new Instance::PluginPublication(instance.shared_from_this(), *outlet.settings, std::move(*owned), done, user));
    return MOMBRIDGE_OK;
  }

  static void count(void* ctx, mombridge_slice name, uint64_t by) noexcept {
    self(ctx).plugin_counter(view(name)).add(by);
  }
};

void Instance::fill_host() {
  host_ = {.struct_size = sizeof host_,
           .ctx = this,
           .name = slice(std::string_view(config_.name)),
           .log = HostCallbacks::log,
           .config_get = HostCallbacks::config_get,
           .complete = HostCallbacks::complete,
           .publish = HostCallbacks::publish,
           .count = HostCallbacks::count};
}

}  // namespace mombridge::handler
