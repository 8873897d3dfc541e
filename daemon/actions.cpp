#include "daemon/actions.hpp"

#include <optional>
#include <vector>

#include "admin/verdict.hpp"
#include "config/diagnostics.hpp"

namespace mombridge {

namespace {

constexpr const char* kStopping = "the bridge is stopping";

std::optional<std::string> parameter(const admin::HttpRequest& request, const char* name) {
  auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::nullopt : std::optional(found->second);
}

/// Names of the kind of the section that the configuration has.
std::vector<std::string> known(const topology::Section& section, const config::Config& config) {
  std::vector<std::string> names;
  if (section.kind == topology::Section::Kind::broker)
    for (auto& broker : config.brokers) names.push_back(broker.name);
  else
    for (auto& route : config.routes) names.push_back(route.name);
  return names;
}

admin::HttpResponse unknown(const topology::Section& section, const config::Config& config) {
  return admin::error_response(
      404, "there is no " + section.text() + config::or_did_you_mean(section.name, known(section, config)));
}

void drain(const Steering& steering, const admin::HttpRequest& request, Duration patience,
           const admin::ActionDone& done) {
  auto broker = parameter(request, "broker"), route = parameter(request, "route");
  bool resume = parameter(request, "resume").has_value();
  if (broker && route) return done(admin::error_response(400, "'broker' or 'route': one of the two"));
  if (steering.bridge.draining()) return done(admin::error_response(503, kStopping));
  if (!broker && !route && resume) return done(admin::error_response(400, "'resume' needs 'broker' or 'route'"));
  if (!broker && !route) {
    steering.stop();
    return done({.status = 202, .body = "{\"stopping\": true}\n", .type = admin::kJson});
  }
  topology::Section section{broker ? topology::Section::Kind::broker : topology::Section::Kind::route,
                            broker ? *broker : *route};
  auto& config = steering.bridge.config();
  if (!section.in(config)) return done(unknown(section, config));
  if (resume) return done(admin::response_of(steering.sections.resume(section)));
  if (topology::sources_of(section, config).empty())
    return done(admin::error_response(409, "nothing is taken from " + section.text() + ": it has no source to drain"));
  steering.sections.drain(section, patience, [done](auto& report) { done(admin::response_of(report)); });
}

}  // namespace

admin::Actions actions_of(const Steering& steering) {
  admin::Actions actions;
  actions["/api/v1/reload"] = [steering](const admin::HttpRequest&, Duration, const admin::ActionDone& done) {
    steering.reload.request([done](const Verdict& verdict) { done(admin::response_of(verdict)); });
  };
  actions["/api/v1/drain"] = [steering](const admin::HttpRequest& request, Duration patience,
                                        const admin::ActionDone& done) { drain(steering, request, patience, done); };
  return actions;
}

}  // namespace mombridge
