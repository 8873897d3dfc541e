#include <algorithm>
#include <span>

#include "config/handler_settings.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

/// The program itself and a plugin that does nothing need about half of it.
constexpr uint64_t kLeastMemory = uint64_t{32} << 20;
/// A worker that no limit is given for has at least so much.
constexpr uint64_t kLeastByDefault = uint64_t{64} << 20;

// A relative path: beside the file that names it, then in the folder of installed handlers.
void resolve(Section& section, const Scalar& plugin, const Loading& loading, Text& into) {
  into = plugin.text();
  if (!loading.environment || !plugin.known) return;
  if (plugin.value.empty()) return section.error("plugin", "an empty path");
  std::vector<fs::path> candidates{fs::path(plugin.mark.file).parent_path() / plugin.value};
  if (fs::path(plugin.value).is_relative() && !loading.handler_folder.empty())
    candidates.push_back(loading.handler_folder / plugin.value);
  for (auto& candidate : candidates) {
    std::error_code error;
    if (!fs::is_regular_file(candidate, error)) continue;
    // Absolute, because dlopen() searches the library path for a name without a slash.
    into.value = fs::absolute(candidate, error).lexically_normal().string();
    return;
  }
  section.error("plugin", "no such file: " + in_quotes(plugin.shown),
                candidates.size() > 1 ? "neither beside this file nor in " + loading.handler_folder.string()
                : fs::path(plugin.value).is_relative() ? "a relative path is looked for beside this file"
                                                       : "");
}

void read_limits(Section& section, Handler& handler) {
  auto limits = section.section("limits");
  if (!limits) return;
  if (handler.isolation == Isolation::in_process) {
    section.error("limits", "only a worker process has limits", "isolation: process");
    return limits->ignore_rest();
  }
  limits->size("memory", handler.limits.memory, kLeastMemory);
  limits->integer("open_files", handler.limits.open_files, 32, 1 << 20);
  limits->integer("cpu", handler.limits.processors, 1, 1024);
}

/// As the plugin's path: a relative one is beside the file that names it.
void read_paths(Section& item, const char* key, const Loading& loading, std::vector<std::string>& into) {
  for (auto& path : item.strings(key)) {
    std::error_code error;
    auto absolute = fs::absolute(fs::path(path.mark.file).parent_path() / path.value, error).lexically_normal();
    if (path.value.empty()) item.error(key, "an empty path");
    into.push_back(loading.environment && path.known ? absolute.string() : path.value);
  }
}

void read_access(Section& section, Handler& handler, const Loading& loading) {
  auto* allow = section.node("allow");
  if (!allow) return;
  if (handler.isolation == Isolation::in_process)
    return section.error("allow", "only a worker process is kept from anything", "isolation: process");
  auto one = std::span(allow, 1);
  auto items = allow->kind == Node::Kind::list ? std::span<const Node>(allow->items) : one;
  for (size_t i = 0; i < items.size(); ++i) {
    auto path = allow->kind == Node::Kind::list ? join(section.path("allow"), i) : section.path("allow");
    auto& item = items[i];
    if (item.kind == Node::Kind::map) {
      Section paths(item, path, section.diagnostics());
      read_paths(paths, "read", loading, handler.access.read);
      read_paths(paths, "write", loading, handler.access.write);
    } else if (item.kind == Node::Kind::scalar && item.text == "network") {
      handler.access.network = true;
    } else {
      section.diagnostics().error(item.mark, path, "nothing that can be allowed",
                                  "network, {read: PATH} or {write: PATH}");
    }
  }
}

void read_order(Section& section, Handler& handler) {
  auto order = section.scalar("order_by");
  if (!order || !order->known) return;
  constexpr std::string_view kHeader = "header:";
  if (order->value == "key")
    handler.order_by = OrderBy{};
  else if (order->value.starts_with(kHeader) && order->value.size() > kHeader.size())
    handler.order_by = OrderBy{order->value.substr(kHeader.size())};
  else
    section.error("order_by", "unknown value " + in_quotes(order->shown), "key, or header:NAME");
}

void read_handler(const Text& name, Section section, Loading& loading) {
  Handler handler;
  handler.name = name.value;
  handler.mark = name.mark;
  if (!valid_name(name.value))
    section.diagnostics().error(name.mark, section.path(), "not a name",
                                "letters, digits, '_', '-' and '.', up to 100");
  if (section.require("plugin", "the path of its .so")) {
    if (auto plugin = section.scalar("plugin")) resolve(section, *plugin, loading, handler.plugin);
  }
  if (auto* settings = section.node("config")) {
    if (settings->kind == Node::Kind::map)
      flatten(*settings, section.path("config"), handler.settings, section.diagnostics());
    else
      section.error("config", "must be a map");
  }
  section.integer("concurrency", handler.concurrency, 1, 1024);
  section.duration("timeout", handler.timeout, 1ms);
  section.choice("isolation", handler.isolation,
                 {{"process", Isolation::process}, {"in_process", Isolation::in_process}});
  handler.limits.memory = std::max(loading.config.memory / 4, kLeastByDefault);
  read_limits(section, handler);
  read_access(section, handler, loading);
  read_order(section, handler);
  loading.config.handlers.push_back(std::move(handler));
}

}  // namespace

void read_handlers(Section& top, Loading& loading) {
  for (auto& [name, section] : top.named_sections("handlers")) read_handler(name, std::move(section), loading);
}

}  // namespace mombridge::config
