#include "config/ingress.hpp"

#include <algorithm>

#include "config/admin.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"
#include "message/pattern.hpp"

namespace mombridge::config {

namespace {

constexpr uint64_t kLargestBody = 128ull << 20;
constexpr unsigned kMostRequests = 100'000;
constexpr const char* kExample = R"(as in allow: ["shop/order.*"])";

/// A name that is written out can be judged now; what a glob lets through is judged when it comes.
void check_target(Section& section, const std::string& path, const Scalar& written, const AllowedTarget& allowed,
                  const BrokerSettings& settings) {
  if (has_wildcards(allowed.glob)) return;
  auto& diagnostics = section.diagnostics();
  if (std::ranges::find(settings.own_names, allowed.glob) != settings.own_names.end())
    return diagnostics.error(written.mark, path, in_quotes(allowed.glob) + " is the bridge's own",
                             "the bridge alone writes its reply queues and dead letters");
  if (auto fault = settings.target_fault(allowed.glob); !fault.empty())
    diagnostics.error(written.mark, path, in_quotes(allowed.glob) + " " + fault);
}

void read_allowed(Section& section, const Scalar& written, size_t index, const Config& config, Ingress& into) {
  if (!written.known) return;
  auto path = join(section.path("allow"), index);
  auto& diagnostics = section.diagnostics();
  auto slash = written.value.find('/');
  if (slash == std::string::npos || !slash || slash + 1 == written.value.size())
    return diagnostics.error(written.mark, path, in_quotes(written.shown) + " is not BROKER/TARGET",
                             std::string(kExample) + ", where the target may be a glob");
  AllowedTarget allowed{written.value.substr(0, slash), written.value.substr(slash + 1), written.mark};
  auto* broker = config.broker(allowed.broker);
  if (!broker)
    return diagnostics.error(written.mark, path, "unknown broker " + in_quotes(allowed.broker),
                             nearest_hint(allowed.broker, broker_names(config)));
  auto twice = std::ranges::any_of(
      into.allow, [&](auto& other) { return other.broker == allowed.broker && other.glob == allowed.glob; });
  if (twice) return diagnostics.error(written.mark, path, in_quotes(written.shown) + " stands there twice");
  check_target(section, path, written, allowed, *broker->settings);
  into.allow.push_back(std::move(allowed));
}

void read_allow(Section& section, const Config& config, Ingress& into) {
  if (!section.require("allow", kExample)) return;
  auto written = section.strings("allow");
  if (auto* list = section.node("allow"); list && list->kind == Node::Kind::list && list->items.empty())
    section.error("allow", "an empty list, with which nothing can be sent", kExample);
  for (size_t i = 0; i < written.size(); ++i) read_allowed(section, written[i], i, config, into);
}

void check_listen(Section& section, const Config& config, const Listener& listener, bool has_token) {
  auto& listen = listener.listen;
  if (!has_token) check_no_token(section, listen);
  if (config.admin && same_place(config.admin->listener.listen, listen))
    section.error("listen", "admin listens there already", "each has an address of its own");
  if (config.probes && same_place(config.probes->listen, listen))
    section.error("listen", "probes listens there already", "each has an address of its own");
}

}  // namespace

void read_ingress(Section& top, Loading& loading) {
  auto section = top.section("ingress");
  if (!section) return;
  Ingress ingress;
  bool has_token = read_token(*section, ingress.token);
  read_allow(*section, loading.config, ingress);
  section->size("max_body", ingress.max_body, 1, kLargestBody);
  section->integer("max_requests", ingress.max_requests, 1, kMostRequests);
  ingress.max_waiting = std::max(std::min(ingress.max_waiting, loading.config.memory / 4), ingress.max_body);
  section->size("max_waiting", ingress.max_waiting, 1);
  section->duration("timeout", ingress.timeout, std::chrono::milliseconds(1), std::chrono::hours(1));
  if (ingress.max_waiting < ingress.max_body)
    section->error("max_waiting", size_text(ingress.max_waiting) + " is less than one body may have (max_body is " +
                                      size_text(ingress.max_body) + ")");
  auto listener = read_listen(*section, "127.0.0.1:8422");
  if (!listener) return;
  check_listen(*section, loading.config, *listener, has_token);
  ingress.listener = std::move(*listener);
  loading.config.ingress = std::make_shared<const Ingress>(std::move(ingress));
}

bool Ingress::allows(std::string_view broker, std::string_view target) const {
  return std::ranges::any_of(
      allow, [&](auto& allowed) { return allowed.broker == broker && glob_matches(allowed.glob, target); });
}

}  // namespace mombridge::config
