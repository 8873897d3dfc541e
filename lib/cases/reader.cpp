#include "cases/reader.hpp"

#include <algorithm>

#include "cases/fields.hpp"
#include "config/files.hpp"
#include "config/yaml_reader.hpp"

namespace mombridge::cases {

namespace {

using config::Node;
using config::Section;

std::vector<std::string> property_names() {
  std::vector<std::string> names;
  for (auto& property : kProperties) names.emplace_back(property.name);
  return names;
}

/// All that an expected message may name, `headers` apart.
std::vector<std::string> expected_names() {
  auto names = property_names();
  names.insert(names.begin(), kPlaces.begin(), kPlaces.end());
  names.emplace_back(kBody);
  return names;
}

Given read_given(Section section) {
  Given given;
  given.mark = section.mark();
  if (section.require("broker")) section.text("broker", given.broker);
  if (section.require("target", "the routing key or topic of the message")) section.text("target", given.target);
  for (auto* key : {"queue", "topic", "exchange"}) {
    config::Text through;
    if (section.text(key, through)) given.through = through;
  }
  section.string(std::string(kBody), given.body);
  section.flag("tombstone", given.tombstone);
  if (given.tombstone && !given.body.empty()) section.error("tombstone", "a tombstone has no body");
  for (auto& name : property_names()) {
    std::string value;
    if (section.string(name, value)) given.properties.emplace_back(name, value);
  }
  for (auto& [name, value] : section.pairs("headers")) given.headers.emplace_back(name, value.typed());
  return given;
}

/// Every key of `section` that is one of `names`; null stands for what is not there. `typed`: numbers and booleans keep
/// their type.
std::vector<Wanted> read_wanted(Section& section, const Node& map, const std::vector<std::string>& names, bool typed) {
  std::vector<Wanted> wanted;
  for (auto& name : names) {
    auto* entry = map.find(name);
    bool there = section.has(name);  // in any case, because the section reports the keys that nobody asked for
    if (entry && entry->value.kind == Node::Kind::null) wanted.push_back({name, std::nullopt, entry->value.mark});
    if (!there) continue;
    if (auto scalar = section.scalar(name))
      wanted.push_back({name, typed ? scalar->typed() : config::Typed(scalar->value), scalar->mark});
  }
  return wanted;
}

ExpectedMessage read_expected_message(const Node& node, const std::string& path, config::Diagnostics& diagnostics) {
  ExpectedMessage message;
  message.mark = node.mark;
  Section section(node, path, diagnostics);
  message.fields = read_wanted(section, node, expected_names(), false);
  if (auto headers = section.section("headers")) {
    auto& map = node.find("headers")->value;
    std::vector<std::string> names;
    for (auto& entry : map.entries) names.push_back(entry.key);
    message.headers = read_wanted(*headers, map, names, true);
  }
  return message;
}

/// A list of messages, one message, or null for none.
std::optional<ExpectedMessages> read_expected_messages(Section& section, const Node& map, const std::string& key) {
  auto* entry = map.find(key);
  section.has(key);
  if (!entry) return std::nullopt;
  ExpectedMessages expected{{}, entry->mark};
  auto& node = entry->value;
  auto read = [&](const Node& item, const std::string& path) {
    if (item.kind == Node::Kind::map)
      expected.messages.push_back(read_expected_message(item, path, section.diagnostics()));
    else
      section.diagnostics().error(item.mark, path, "not a message", "a map as {broker: lake, target: orders}");
  };
  if (node.kind == Node::Kind::list) {
    for (size_t i = 0; i < node.items.size(); ++i) read(node.items[i], config::join(section.path(key), i));
  } else if (node.kind != Node::Kind::null) {
    read(node, section.path(key));
  }
  return expected;
}

std::optional<std::vector<config::Text>> read_routes(Section& section, const Node& map) {
  if (!map.find("routes")) return std::nullopt;
  std::vector<config::Text> routes;
  for (auto& name : section.strings("routes")) routes.push_back(name.text());
  return routes;
}

Expected read_expected(Section& parent, const Node& of_case) {
  Expected expected;
  auto section = parent.section("expect");
  if (!section) return expected;
  auto& map = of_case.find("expect")->value;
  expected.mark = section->mark();
  expected.routes = read_routes(*section, map);
  expected.sent = read_expected_messages(*section, map, "sent");
  expected.reply = read_expected_messages(*section, map, "reply");
  expected.dead_letters = read_expected_messages(*section, map, "dead_letters");
  section->flag("unrouted", expected.unrouted);
  if (map.entries.empty())
    section->diagnostics().error(section->mark(), section->path(), "nothing is expected",
                                 "at least one of routes, sent, reply, dead_letters, unrouted");
  return expected;
}

Case read_case(const Node& node, const std::string& path, config::Diagnostics& diagnostics) {
  Case read;
  Section section(node, path, diagnostics);
  read.mark = node.mark;
  if (section.require("name")) section.string("name", read.name);
  if (section.require("message")) {
    if (auto message = section.section("message")) read.message = read_given(std::move(*message));
  }
  if (section.require("expect")) read.expect = read_expected(section, node);
  return read;
}

}  // namespace

std::vector<Case> read_cases(const std::string& file, const std::string& text, config::Diagnostics& diagnostics) {
  std::vector<Case> cases;
  Node root;
  if (!config::parse(file, text, root, diagnostics)) return cases;
  constexpr const char* kHint = "a list: cases: [{name: ..., message: {...}, expect: {...}}]";
  if (root.kind != Node::Kind::map) {
    diagnostics.error({file}, "", "no cases in this file", kHint);
    return cases;
  }
  Section top(root, "", diagnostics);
  if (!top.require("cases", kHint)) return cases;
  auto* list = top.node("cases");
  if (!list || list->kind != Node::Kind::list || list->items.empty()) {
    top.error("cases", "no cases in this file", kHint);
    return cases;
  }
  for (size_t i = 0; i < list->items.size(); ++i) {
    auto path = config::join("cases", i);
    if (list->items[i].kind == Node::Kind::map)
      cases.push_back(read_case(list->items[i], path, diagnostics));
    else
      diagnostics.error(list->items[i].mark, path, "not a case", "a map with name, message and expect");
  }
  return cases;
}

std::vector<Case> read(const std::string& file, config::Diagnostics& diagnostics) {
  diagnostics.reading(file);
  std::string text;
  if (!config::read_text(file, text, diagnostics)) return {};
  return read_cases(file, text, diagnostics);
}

}  // namespace mombridge::cases
