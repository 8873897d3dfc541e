#include "daemon/check.hpp"

#include <algorithm>
#include <filesystem>

#include "daemon/builtin.hpp"
#include "handler/registry.hpp"
#include "routing/check.hpp"

namespace mombridge {

namespace {

std::string counted(size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

/// Settings that could not be read would only be complained of once more.
bool faulty(const config::BrokerSection& section, const config::Diagnostics& diagnostics) {
  auto path = "brokers." + section.name + ".";
  return std::ranges::any_of(diagnostics.sorted(), [&](auto& d) {
    return d.severity == config::Diagnostic::Severity::error && (d.path + ".").starts_with(path);
  });
}

}  // namespace

std::shared_ptr<const config::Config> load_and_check(const config::LoadOptions& options,
                                                     config::Diagnostics& diagnostics, config::Written& written) {
  auto config = std::make_shared<const config::Config>(config::load(options, kind_readers(), diagnostics, written));
  routing::check(config, destination_kinds(), diagnostics);
  if (!options.environment) return config;
  for (auto& section : config->brokers) {
    if (faulty(section, diagnostics)) continue;
    if (auto* try_out = broker_kind(section.type).try_out) try_out(section, diagnostics);
  }
  return config;
}

void check_plugins(const config::Config& config, config::Diagnostics& diagnostics) {
  handler::Registry handlers;
  for (auto& h : config.handlers) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(h.plugin.value, error)) continue;  // that is said already
    if (auto loaded = handlers.load(h); !loaded)
      diagnostics.error(h.plugin.mark, "handlers." + h.name, loaded.error().text);
  }
}

std::string summary(const config::Config& config) {
  auto text = counted(config.brokers.size(), "broker") + ", " + counted(config.routes.size(), "route");
  if (!config.handlers.empty()) text += ", " + counted(config.handlers.size(), "handler");
  std::string needs;
  for (auto& section : config.brokers)
    if (auto* say = broker_kind(section.type).needs) needs += (needs.empty() ? "; needs " : ", ") + say(section);
  return text + needs;
}

}  // namespace mombridge
