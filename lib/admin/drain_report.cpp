#include "admin/drain_report.hpp"

#include "admin/json.hpp"

namespace mombridge::admin {

namespace {

using Json = OrderedJson;

}  // namespace

std::string DrainReport::text() const {
  if (!drained) return "resumed: " + section + (changed ? "" : ", which was not drained");
  std::string text =
      (settled() ? "drained: " : "draining: ") + section + ": " + std::to_string(in_flight) + " in flight";
  if (held) text += ", of which " + std::to_string(held) + (held == 1 ? " is" : " are") + " held";
  return text;
}

HttpResponse response_of(const DrainReport& report) {
  Json json{
      {"section", printable(report.section)},    {"drained", report.drained}, {"changed", report.changed},
      {"in_flight", report.in_flight},           {"held", report.held},       {"waiting_routes", texts(report.routes)},
      {"misses_meanwhile", texts(report.misses)}};
  return {.status = report.settled() ? 200 : 202, .body = json.dump(2) + "\n", .type = kJson};
}

Result<DrainReport> read_drain_report(const std::string& body) {
  try {
    auto json = Json::parse(body);
    return DrainReport{.section = json.at("section").get<std::string>(),
                       .drained = json.at("drained").get<bool>(),
                       .changed = json.at("changed").get<bool>(),
                       .in_flight = json.at("in_flight").get<uint64_t>(),
                       .held = json.at("held").get<uint64_t>(),
                       .routes = json.at("waiting_routes").get<std::vector<std::string>>(),
                       .misses = json.at("misses_meanwhile").get<std::vector<std::string>>()};
  } catch (const Json::exception& e) {
    return fail(std::string("the answer says nothing of a drain: ") + e.what());
  }
}

}  // namespace mombridge::admin
