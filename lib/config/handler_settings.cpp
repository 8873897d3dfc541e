#include "config/handler_settings.hpp"

#include "base/file.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

void add(const Node& node, const std::string& name, const std::string& path, HandlerSettings& settings,
         Diagnostics& diagnostics) {
  auto prefix = name.empty() ? "" : name + ".";
  for (size_t i = 0; i < node.items.size(); ++i)
    add(node.items[i], prefix + std::to_string(i), join(path, i), settings, diagnostics);
  for (auto& entry : node.entries) add(entry.value, prefix + entry.key, join(path, entry.key), settings, diagnostics);
  if (node.kind != Node::Kind::scalar && node.kind != Node::Kind::null) return;
  if (!settings.emplace(name, node.text).second)
    diagnostics.error(node.mark, path, in_quotes(name) + " is set twice", "as nested maps, and as one key with dots");
}

}  // namespace

void flatten(const Node& node, const std::string& path, HandlerSettings& settings, Diagnostics& diagnostics) {
  add(node, "", path, settings, diagnostics);
}

void read_settings(const std::string& file, HandlerSettings& settings, Diagnostics& diagnostics) {
  diagnostics.reading(file);
  auto text = read_file(file, kLargestFile);
  Node root;
  if (!text) return diagnostics.error({.file = file}, "", text.error().text);
  if (!parse(file, *text, root, diagnostics)) return;
  if (root.kind != Node::Kind::map)
    return diagnostics.error({.file = file, .line = 1, .column = 1}, "", "must be a map");
  flatten(root, "", settings, diagnostics);
}

}  // namespace mombridge::config
