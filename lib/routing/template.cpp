#include "routing/template.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::routing {

namespace {

constexpr std::string_view kDefault = ":-";
constexpr std::string_view kHeader = "header.";
constexpr std::string_view kNotClosed = "'{' without '}'";

// What follows ":-", up to the brace that closes the variable, which is taken off `rest`, too.
Result<std::string> parse_default(std::string_view& rest) {
  std::string text;
  for (size_t i = 0; i < rest.size(); ++i) {
    switch (rest[i]) {
      case '}':
        rest.remove_prefix(i + 1);
        return text;
      case '{':
        return fail("'{' in a default, which is plain text: a literal brace there is written '\\{'");
      case '\\':
        if (++i == rest.size() || std::string_view("{}\\").find(rest[i]) == std::string_view::npos)
          return fail("'\\' in a default stands before '{', '}' or '\\': a literal one is written '\\\\'");
        break;
      default:
        break;
    }
    text += rest[i];
  }
  return fail(std::string(kNotClosed));
}

}  // namespace

Result<Template> Template::parse(std::string text) {
  Template t;
  t.text_ = std::move(text);
  std::string_view rest = t.text_;
  while (!rest.empty()) {
    auto open = rest.find('{');
    if (open) t.parts_.push_back({Kind::literal, std::string(rest.substr(0, open)), {}});
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open + 1);
    auto part = parse_variable(rest);
    if (!part) return fail(part.error());
    t.parts_.push_back(std::move(*part));
  }
  return t;
}

// `rest` begins behind the brace that opens the variable, and then behind the one that closes it.
Result<Template::Part> Template::parse_variable(std::string_view& rest) {
  auto end = std::min(rest.find(kDefault), rest.find('}'));
  if (end == std::string_view::npos) return fail(std::string(kNotClosed));
  auto name = rest.substr(0, end);
  rest.remove_prefix(end);

  Part part{Kind::header, {}, {}};
  if (rest.starts_with(kDefault)) {
    rest.remove_prefix(kDefault.size());
    auto fallback = parse_default(rest);
    if (!fallback) return fail(fallback.error());
    part.fallback = std::move(*fallback);
  } else {
    rest.remove_prefix(1);
  }

  constexpr std::pair<std::string_view, Kind> kNames[] = {
      {"target", Kind::target}, {"key", Kind::key}, {"broker", Kind::broker}};
  for (auto& [known, kind] : kNames) {
    part.kind = kind;
    if (name == known) return part;
    if (name.starts_with(known) && name.substr(known.size()).starts_with(':'))
      return fail("unknown variable '{" + std::string(name) + "}': a default is written '{" + std::string(known) +
                  ":-" + std::string(name.substr(known.size() + 1)) + "}'");
  }
  part.kind = Kind::header;
  part.text = name.substr(std::min(kHeader.size(), name.size()));
  if (name.starts_with(kHeader) && !part.text.empty()) return part;
  return fail("unknown variable '{" + std::string(name) + "}': known are {target}, {key}, {broker} and {header.NAME}");
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
    result += text.empty() && part.fallback ? std::string_view(*part.fallback) : text;
  }
  return result;
}

std::optional<std::string> Template::defaults(std::optional<std::string_view> target,
                                              std::optional<std::string_view> broker) const {
  std::string result;
  for (auto& part : parts_) {
    std::optional<std::string_view> text;
    if (part.kind == Kind::literal) text = part.text;
    if (part.kind == Kind::target) text = target;
    if (part.kind == Kind::broker) text = broker;
    bool by_message = part.kind == Kind::header || part.kind == Kind::key;
    if (part.fallback && (by_message || (text && text->empty()))) text = *part.fallback;
    if (!text) return std::nullopt;
    result += *text;
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
  auto before = out.size();
  bool rendered = append_value(part, message, broker, out);
  if (part.fallback && out.size() == before)
    out += *part.fallback;
  else if (!rendered)
    return fail("'" + text_ + "' needs " + lack(part, message));
  return {};
}

// Returns false if the message has no value for it.
bool Template::append_value(const Part& part, const Message& message, std::string_view broker, std::string& out) {
  switch (part.kind) {
    case Kind::literal:
      out += part.text;
      return true;
    case Kind::target:
      out += message.target;
      return true;
    case Kind::broker:
      out += broker;
      return true;
    case Kind::key:
      if (message.key) out += *message.key;
      return message.key.has_value();
    case Kind::header: {
      auto* value = message.find(part.text);
      if (value && value->is_text()) {
        out += value->text;
        return true;
      }
      auto text = value ? scalar_text(*value) : std::nullopt;
      if (text) out += *text;
      return text.has_value();
    }
  }
  return false;
}

std::string Template::lack(const Part& part, const Message& message) {
  if (part.kind == Kind::key) return "a key and the message has none";
  return "the header '" + part.text + "' and the message " +
         (message.find(part.text) ? "has no plain value in it" : "lacks it");
}

}  // namespace mombridge::routing
