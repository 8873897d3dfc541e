#include "routing/sendings.hpp"

#include <algorithm>

#include "config/ingress.hpp"
#include "message/pattern.hpp"
#include "routing/arrivals.hpp"
#include "routing/template.hpp"

namespace mombridge::routing {

namespace {

/// Where it ends: of a handler, where its replies go. Null: nowhere that the file names.
const config::Destination* end_of(const config::Destination& to) { return to.broker.empty() ? to.reply_to.get() : &to; }

class Collector {
 public:
  Collector(const config::Config& config, const config::BrokerSection& section) : config_(config), section_(section) {}

  std::vector<Sending> run() {
    for (auto& route : config_.routes) {
      for (auto& to : route.to)
        if (auto* end = end_of(to)) {
          auto by_default = default_target(route, *end);
          add(*end, by_default ? by_default : constant_target(route, *end));
        }
      if (route.failures) dead_letter(*route.failures);
      if (route.from.broker == section_.name && answers(route))
        sendings_.push_back({.options = section_.settings->reply_options({}), .target = {}, .reply = true});
    }
    dead_letter(config_.failures);
    if (config_.ingress) ingress(*config_.ingress);
    return std::move(sendings_);
  }

 private:
  void add(const config::Destination& to, std::optional<std::string> target) {
    if (to.broker == section_.name)
      sendings_.push_back({.options = to.options.get(), .target = std::move(target), .reply = false});
  }

  void dead_letter(const config::Failures& failures) {
    if (!failures.dead_letter) return;
    auto target = Template::parse(failures.dead_letter->target.value);
    add(*failures.dead_letter, target && target->constant() ? std::optional(target->text()) : std::nullopt);
  }

  void ingress(const config::Ingress& ingress) {
    for (auto& [broker, glob, mark] : ingress.allow)
      if (broker == section_.name)
        sendings_.push_back(
            {.options = nullptr, .target = has_wildcards(glob) ? std::nullopt : std::optional(glob), .reply = false});
  }

  /// Requests that the route takes are answered: by a handler, by who gets them elsewhere, or with an error.
  [[nodiscard]] bool answers(const config::Route& route) const {
    return route.error_replies || std::ranges::any_of(route.to, [&](auto& to) {
             auto* broker = config_.broker(to.broker);
             return broker ? broker->settings->accept_replies.value_or(false) : !to.reply_to;
           });
  }

  const config::Config& config_;
  const config::BrokerSection& section_;
  std::vector<Sending> sendings_;
};

}  // namespace

std::vector<Sending> sent_to(const config::Config& config, const config::BrokerSection& section) {
  return Collector(config, section).run();
}

}  // namespace mombridge::routing
