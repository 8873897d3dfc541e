#include "routing/template.hpp"

#include <algorithm>

namespace mombridge::routing {

Result<Template> Template::parse(std::string text) {
  Template t;
  t.text_ = std::move(text);
  std::string_view rest = t.text_;
  while (!rest.empty()) {
    auto open = rest.find('{');
    if (open) t.parts_.push_back({Kind::literal, std::string(rest.substr(0, open))});
    if (open == std::string_view::npos) break;
    auto close = rest.find('}', open);
    if (close == std::string_view::npos) return fail("'{' without '}'");
    auto name = rest.substr(open + 1, close - open - 1);
    if (name == "target")
      t.parts_.push_back({Kind::target, {}});
    else if (name == "key")
      t.parts_.push_back({Kind::key, {}});
    else if (name == "broker")
      t.parts_.push_back({Kind::broker, {}});
    else if (name.starts_with("header.") && name.size() > 7)
      t.parts_.push_back({Kind::header, std::string(name.substr(7))});
    else
      return fail("unknown variable '{" + std::string(name) +
                  "}': known are {target}, {key}, {broker} and {header.NAME}");
    rest.remove_prefix(close + 1);
  }
  return t;
}

std::string_view Template::literal_prefix() const {
  return !parts_.empty() && parts_[0].kind == Kind::literal ? std::string_view(parts_[0].text) : std::string_view();
}

bool Template::chosen_by_message() const {
  return std::ranges::any_of(parts_, [](auto& p) { return p.kind == Kind::header || p.kind == Kind::key; });
}

std::string Template::outline(std::string_view target, std::string_view broker, std::string_view open) const {
  std::string result;
  for (auto& part : parts_) {
    auto text = part.kind == Kind::literal  ? std::string_view(part.text)
                : part.kind == Kind::target ? target
                : part.kind == Kind::broker ? broker
                                            : open;
    result += text;
  }
  return result;
}

Result<std::string_view> Template::render(const Message& message, std::string_view broker, std::string& storage) const {
  if (constant()) return std::string_view(text_);
  if (is_target()) return message.target;
  storage.clear();
  for (auto& part : parts_)
    if (auto ok = append(part, message, broker, storage); !ok) return fail(ok.error());
  return std::string_view(storage);
}

Result<> Template::append(const Part& part, const Message& message, std::string_view broker, std::string& out) const {
  switch (part.kind) {
    case Kind::literal:
      out += part.text;
      return {};
    case Kind::target:
      out += message.target;
      return {};
    case Kind::broker:
      out += broker;
      return {};
    case Kind::key:
      if (!message.key) return fail("'" + text_ + "' needs a key and the message has none");
      out += *message.key;
      return {};
    case Kind::header: {
      auto* value = message.find(part.text);
      if (value && value->is_text()) {
        out += value->text;
        return {};
      }
      auto text = value ? scalar_text(*value) : std::nullopt;
      if (!text)
        return fail("'" + text_ + "' needs the header '" + part.text + "' and the message " +
                    (value ? "has no plain value in it" : "lacks it"));
      out += *text;
      return {};
    }
  }
  return {};
}

}  // namespace mombridge::routing
