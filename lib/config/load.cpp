#include "config/load.hpp"

#include <algorithm>

#include "base/container_memory.hpp"
#include "config/files.hpp"
#include "config/secret_files.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"
#include "config/written.hpp"

namespace mombridge::config {

namespace {

constexpr const char* kSmallest =
    "the smallest: brokers: {shop: {type: amqp, url: amqp://localhost}, lake: {type: kafka, bootstrap_servers: "
    "localhost:9092}}, routes: [{from: {broker: shop, queue: orders}, to: {broker: lake, target: orders}}], one key a "
    "line";

Node read_all(const LoadOptions& options, Diagnostics& diagnostics) {
  Node merged;
  auto files = files_of(options.paths, diagnostics);
  for (auto& file : files) {
    diagnostics.reading(file);
    std::string text;
    Node root;
    if (!read_text(file, text, diagnostics) || !parse(file, text, root, diagnostics)) continue;
    expand(root, "", options.environment, diagnostics);
    if (options.environment) warn_of_open_secrets(file, root, diagnostics);
    merge(merged, std::move(root), diagnostics);
  }
  if (merged.kind == Node::Kind::null && diagnostics.ok())
    diagnostics.error({files.empty() ? "mombridge.yaml" : files[0]}, "", "nothing is configured", kSmallest);
  return merged;
}

void read_version(Section& top) {
  auto version = top.scalar("version");
  if (version && version->known && version->value != "1")
    top.error("version", "unknown version " + in_quotes(version->shown), "this mombridge reads version 1");
}

void read_log(Section& top, Config& config) {
  auto log = top.section("log");
  if (!log) return;
  log->choice("level", config.log_level,
              {{"trace", log::Level::trace},
               {"debug", log::Level::debug},
               {"info", log::Level::info},
               {"warn", log::Level::warn},
               {"error", log::Level::error},
               {"off", log::Level::off}});
  log->choice("format", config.log_format,
              {{"auto", log::Format::automatic},
               {"text", log::Format::text},
               {"json", log::Format::json},
               {"journal", log::Format::journal}});
  if (auto summary = log->scalar("summary"); summary && summary->value == "off")
    config.log_summary = Duration::zero();
  else
    log->duration("summary", config.log_summary, std::chrono::seconds(1), std::chrono::hours(24));
}

void read_broker(const Text& name, Section section, Loading& loading) {
  auto& config = loading.config;
  BrokerSection broker{name.value, "", name.mark, nullptr};
  if (!valid_name(name.value))
    section.diagnostics().error(name.mark, section.path(), "not a name",
                                "letters, digits, '_', '-' and '.', up to 100");
  std::vector<std::string> types;
  for (auto& kind : loading.kinds) types.emplace_back(kind.traits->type);
  if (section.require("type", nearest_hint("", types)) &&
      reference(section, "type", "type of broker", types, broker.type))
    broker.settings = loading.kind(broker.type)
                          ->read(section, {.bridge_name = config.name,
                                           .broker_name = name.value,
                                           .reply_keys = !config.replies.keys.empty(),
                                           .environment = loading.environment,
                                           .memory = config.memory});
  else
    section.ignore_rest();
  // Every section has settings, so that no later code has to ask.
  if (!broker.settings) broker.settings = std::make_shared<BrokerSettings>();
  config.brokers.push_back(std::move(broker));
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// The bridge declares the dead letter that bears its name, and one that it is told to declare. No dead letter is a
// requester's reply address, and no regular expression of a subscription takes it.
void own_dead_letter(const Failures& failures, Config& config) {
  auto& to = failures.dead_letter;
  if (!to || !names_target(*to)) return;
  auto broker = std::ranges::find(config.brokers, to->broker, &BrokerSection::name);
  if (broker == config.brokers.end()) return;
  add(broker->settings->own_names, to->target.value);
  if (to->declare || to->target.value == config.name + ".dead") add(broker->settings->declares, to->target.value);
}

// Two sections of one broker own what either of them owns.
void share_own_names(Config& config) {
  for (auto& section : config.brokers)
    for (auto& other : config.brokers)
      if (&section != &other && same_broker(section, other))
        for (auto& name : other.settings->own_names) add(section.settings->own_names, name);
}

}  // namespace

const KindReader* Loading::kind(const std::string& type) const {
  auto at = std::ranges::find(kinds, type, [](auto& kind) { return kind.traits->type; });
  return at == kinds.end() ? nullptr : &*at;
}

const KindReader* Loading::kind_of(const std::string& broker) const {
  auto* section = config.broker(broker);
  return section ? kind(section->type) : nullptr;
}

bool reference(Section& section, const std::string& key, const std::string& what, const std::vector<std::string>& known,
               std::string& into) {
  auto name = section.scalar(key);
  if (!name) return false;
  into = name->value;
  if (!name->known) return false;
  if (std::ranges::find(known, name->value) != known.end()) return true;
  section.error(key, "unknown " + what + " " + in_quotes(name->shown), nearest_hint(name->shown, known));
  return false;
}

std::vector<std::string> broker_names(const Config& config) {
  std::vector<std::string> names;
  for (auto& broker : config.brokers) names.push_back(broker.name);
  return names;
}

void read_top(Section& top, Loading& loading) {
  auto& config = loading.config;
  read_version(top);
  auto name = top.scalar("name");
  if (name) config.name = name->value;
  if (name && name->known && !valid_name(name->value))
    top.error("name", in_quotes(name->shown) + " is not a name", "letters, digits, '_', '-' and '.', up to 100");
  read_log(top, config);
  top.duration("shutdown_timeout", config.shutdown_timeout);
  if (loading.environment) config.memory = default_memory(container_memory());
  top.size("memory", config.memory, kLeastMemory);
  read_replies(top, config.replies);
  read_listeners(top, config);
}

void read_brokers(Section& top, Loading& loading) {
  if (!top.require("brokers", kSmallest)) return;
  for (auto& [name, section] : top.named_sections("brokers")) read_broker(name, std::move(section), loading);
}

uint64_t default_memory(std::optional<uint64_t> limit) {
  return limit ? std::clamp(*limit / 2, kLeastMemory, kMostMemory) : kMemory;
}

Config load(const LoadOptions& options, const std::vector<KindReader>& kinds, Diagnostics& diagnostics) {
  Written ignored;
  return load(options, kinds, diagnostics, ignored);
}

Config load(const LoadOptions& options, const std::vector<KindReader>& kinds, Diagnostics& diagnostics,
            Written& written) {
  Config config;
  auto root = read_all(options, diagnostics);
  if (root.kind != Node::Kind::map) return config;
  Loading loading{options.environment, options.handler_folder, kinds, config};
  Section top(root, "", diagnostics);
  read_top(top, loading);
  read_brokers(top, loading);
  read_handlers(top, loading);
  read_failures(top, loading);
  read_routes(top, loading);
  own_dead_letter(config.failures, config);
  for (auto& route : config.routes)
    if (route.failures) own_dead_letter(*route.failures, config);
  share_own_names(config);
  read_ingress(top, loading);
  if (diagnostics.ok()) written = written_of(root, config);
  return config;
}

}  // namespace mombridge::config
