// References in every scalar of a tree (references.hpp).

#include "config/files.hpp"
#include "config/references.hpp"

namespace mombridge::config {

namespace {

void expand_scalar(Node& node, const std::string& path, bool environment, Diagnostics& diagnostics) {
  if (node.text.find("${") == std::string::npos) return;
  auto value = expand_references(node.text, node.mark.file, environment);
  if (!value) {
    diagnostics.error(node.mark, path, value.error().what, value.error().hint);
    node.unexpanded = true;  // reported once: nothing further is said about this value
    return;
  }
  node.written = node.text;
  node.unexpanded = value->references && !environment;
  if (!value->open.empty())
    diagnostics.warning(node.mark, path, "anybody may read " + value->open,
                        "if it holds a secret: chmod o-r " + value->open);
  if (!node.unexpanded) node.text = std::move(value->text);
}

}  // namespace

void expand(Node& node, const std::string& path, bool environment, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::scalar) expand_scalar(node, path, environment, diagnostics);
  for (size_t i = 0; i < node.items.size(); ++i) expand(node.items[i], join(path, i), environment, diagnostics);
  for (auto& entry : node.entries) expand(entry.value, join(path, entry.key), environment, diagnostics);
}

}  // namespace mombridge::config
