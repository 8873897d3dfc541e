#include "handler/host.hpp"

#include "handler/abi.hpp"
#include "handler/verdicts.hpp"

namespace mombridge::handler {

namespace {

Host& self(void* ctx) { return *static_cast<Host*>(ctx); }

}  // namespace

Host::Host(const config::Handler& config, Requests& requests, PluginMessages& messages, Publisher& publisher,
           Breaches& breaches)
    : config_(config),
      requests_(requests),
      messages_(messages),
      publisher_(publisher),
      breaches_(breaches),
      counters_(config.name, breaches),
      log_(config.name),
      table_{.struct_size = sizeof table_,
             .ctx = this,
             .name = slice(std::string_view(config.name)),
             .log = log,
             .config_get = config_get,
             .complete = complete,
             .publish = publish,
             .count = count} {}

void Host::log(void* ctx, int32_t severity, mombridge_slice text) noexcept {
  self(ctx).log_.line(severity, view(text));
}

mombridge_status Host::config_get(void* ctx, mombridge_slice path, mombridge_slice* out) noexcept {
  auto& settings = self(ctx).config_.settings;
  auto found = settings.find(std::string(view(path)));
  if (found == settings.end() || !out) return MOMBRIDGE_NOT_FOUND;
  *out = {found->second.c_str(), found->second.size()};
  return MOMBRIDGE_OK;
}

mombridge_status Host::complete(void* ctx, mombridge_request_id id, const mombridge_result* result) noexcept {
  auto& host = self(ctx);
  auto verdict = read_result(result, host.messages_);
  auto what = verdict ? std::move(*verdict) : Verdict{Verdict::Kind::retry, verdict.error().text, nullptr};
  std::optional<Requests::Finished> finished;
  if (host.requests_.complete(id, std::move(what), finished) == Requests::Completion::not_open) {
    host.breaches_.report("a handler completed a request that is not open");
    return MOMBRIDGE_NOT_FOUND;
  }
  if (!verdict) host.breaches_.report("a handler completed a request with an invalid result");
  if (finished) host.requests_.hand_over(*finished);
  return verdict ? MOMBRIDGE_OK : MOMBRIDGE_INVALID;
}

mombridge_status Host::publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                               mombridge_publish_done done, void* user) noexcept {
  return self(ctx).publisher_.publish(view(broker), message, done, user);
}

void Host::count(void* ctx, mombridge_slice name, uint64_t by) noexcept { self(ctx).counters_.add(view(name), by); }

}  // namespace mombridge::handler
