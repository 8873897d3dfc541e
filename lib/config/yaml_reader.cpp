#include "config/yaml_reader.hpp"

#include <algorithm>
#include <charconv>

#include "config/text.hpp"

namespace mombridge::config {

namespace {

std::string kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}

}  // namespace

Typed Scalar::typed() const {
  if (quoted) return value;
  if (value == "true" || value == "false") return value == "true";
  // The library would take the words "inf" and "nan", too.
  if (auto digit = value.find_first_not_of("-.");
      digit == std::string::npos || value[digit] < '0' || value[digit] > '9')
    return value;
  auto *begin = value.data(), *end = begin + value.size();
  int64_t number = 0;
  if (auto parsed = std::from_chars(begin, end, number); parsed.ec == std::errc{} && parsed.ptr == end) return number;
  double real = 0;
  if (auto parsed = std::from_chars(begin, end, real, std::chars_format::fixed);
      parsed.ec == std::errc{} && parsed.ptr == end)
    return real;
  return value;
}

Section::Section(const Node& map, std::string path, Diagnostics& diagnostics)
    : node_(&map), path_(std::move(path)), diagnostics_(&diagnostics) {}

Section::Section(Section&& other) noexcept
    : node_(std::exchange(other.node_, nullptr)),
      path_(std::move(other.path_)),
      diagnostics_(other.diagnostics_),
      known_(std::move(other.known_)),
      elsewhere_(std::move(other.elsewhere_)),
      silent_(other.silent_) {}

Section::~Section() {
  if (!node_ || silent_) return;
  for (auto& entry : node_->entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    auto hint = std::ranges::find(elsewhere_, entry.key, &std::pair<std::string, std::string>::first);
    diagnostics_->error(entry.mark, path_, "unknown key " + in_quotes(entry.key),
                        hint != elsewhere_.end() ? hint->second : did_you_mean(entry.key, known_));
  }
}

void Section::elsewhere(std::initializer_list<std::string_view> keys, const std::string& hint) {
  for (auto key : keys) elsewhere_.emplace_back(key, hint);
}

const Node::Entry* Section::find(const std::string& key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  return node_->find(key);
}

const Node* Section::node(const std::string& key) {
  auto* entry = find(key);
  return entry && entry->value.kind != Node::Kind::null ? &entry->value : nullptr;
}

const Mark& Section::mark(const std::string& key) const {
  auto* entry = node_->find(key);
  return entry ? entry->value.mark : node_->mark;
}

bool Section::has(const std::string& key) { return node(key) != nullptr; }

bool Section::require(const std::string& key, std::string hint) {
  auto* entry = find(key);
  if (!entry) {
    diagnostics_->error(mark(), path_, "missing key " + in_quotes(key), std::move(hint));
    return false;
  }
  // A getter of a scalar would report this, too; one of a section or list would not.
  bool has_value = entry->value.kind != Node::Kind::null;
  if (!has_value) error(key, "has no value", std::move(hint));
  return has_value;
}

bool Section::refuse(const std::string& key, const std::string& what, const std::string& hint) {
  auto* entry = find(key);
  if (entry) diagnostics_->error(entry->mark, path(key), what, hint);
  return entry != nullptr;
}

void Section::unsupported(const std::string& key, std::string_view off) {
  auto* value = node(key);
  if (!value) return;
  if (value->kind == Node::Kind::scalar && (value->text == "false" || value->text == off)) return;
  error(key, "not supported yet", off == "false" ? "leave it out" : in_quotes(off) + " is");
}

void Section::error(const std::string& key, std::string what, std::string hint) {
  diagnostics_->error(mark(key), path(key), std::move(what), std::move(hint));
}

std::optional<Scalar> Section::to_scalar(const Node& value, const std::string& path) {
  if (value.kind == Node::Kind::scalar)
    return Scalar{value.text, value.shown(), !value.unexpanded, value.quoted, value.mark, value.mark, path};
  auto what = value.kind == Node::Kind::null ? "has no value" : "must be a single value, not " + kind_name(value.kind);
  auto hint = value.kind == Node::Kind::null  ? "\"\" for an empty one; without the key the default holds"
              : value.kind == Node::Kind::map ? "text that begins with { goes in quotes"
                                              : "";
  diagnostics_->error(value.mark, path, what, hint);
  return std::nullopt;
}

std::optional<Scalar> Section::scalar(const std::string& key) {
  auto* entry = find(key);
  return entry ? to_scalar(entry->value, path(key)) : std::nullopt;
}

bool Section::string(const std::string& key, std::string& into) {
  auto value = scalar(key);
  if (value) into = value->value;
  return value.has_value();
}

bool Section::text(const std::string& key, Text& into) {
  auto value = scalar(key);
  if (value) into = value->text();
  return value.has_value();
}

bool Section::secret(const std::string& key, Secret& into) {
  auto value = scalar(key);
  if (value) into = Secret(value->value);
  return value.has_value();
}

bool Section::secret(const std::string& key, LiveSecret& into) {
  auto value = scalar(key);
  if (!value) return false;
  auto& written = find(key)->value.written;
  into =
      written.empty() ? LiveSecret(Secret(value->value)) : LiveSecret(written, value->mark.file, Secret(value->value));
  return true;
}

bool Section::flag(const std::string& key, bool& into) {
  auto value = scalar(key);
  if (!value || !value->known) return false;
  if (value->value != "true" && value->value != "false") {
    error(key, in_quotes(value->shown) + " is neither true nor false");
    return false;
  }
  into = value->value == "true";
  return true;
}

bool Section::duration(const std::string& key, Duration& into, Duration least, Duration most) {
  auto value = scalar(key);
  if (!value || !value->known) return false;
  auto parsed = parse_duration(value->value);
  if (!parsed) {
    error(key, in_quotes(value->shown) + " is not a duration", "a number with its unit, like 250ms, 10s, 5m or 1h");
  } else if (*parsed < least || *parsed > most) {
    error(key, in_quotes(value->shown) + " is out of range", "from " + to_text(least) + " to " + to_text(most));
  } else {
    into = *parsed;
    return true;
  }
  return false;
}

bool Section::size(const std::string& key, uint64_t& into, uint64_t least, uint64_t most) {
  auto value = scalar(key);
  if (!value || !value->known) return false;
  auto parsed = parse_size(value->value);
  if (!parsed) {
    error(key, in_quotes(value->shown) + " is not a size", "bytes, or a number with its unit, like 64KiB, 8MiB or 1GB");
  } else if (*parsed < least) {
    error(key, in_quotes(value->shown) + " is out of range", "at least " + size_text(least));
  } else if (*parsed > most) {
    error(key, in_quotes(value->shown) + " is out of range", "at most " + size_text(most));
  } else {
    into = *parsed;
    return true;
  }
  return false;
}

std::optional<uint64_t> Section::number(const std::string& key, uint64_t least, uint64_t most) {
  auto value = scalar(key);
  if (!value || !value->known) return std::nullopt;
  auto parsed = parse_unsigned(value->value);
  auto range = "from " + std::to_string(least) + " to " + std::to_string(most);
  if (!parsed) {
    error(key, in_quotes(value->shown) + " is not a whole number", range);
    return std::nullopt;
  }
  if (*parsed < least || *parsed > most) {
    error(key, in_quotes(value->shown) + " is out of range", range);
    return std::nullopt;
  }
  return parsed;
}

std::optional<size_t> Section::chosen(const std::string& key, const std::vector<std::string>& names) {
  auto value = scalar(key);
  if (!value || !value->known) return std::nullopt;
  auto at = std::ranges::find(names, value->value);
  if (at != names.end()) return static_cast<size_t>(at - names.begin());
  error(key, "unknown value " + in_quotes(value->shown), nearest_hint(value->shown, names));
  return std::nullopt;
}

std::vector<Scalar> Section::strings(const std::string& key) {
  std::vector<Scalar> result;
  auto* entry = find(key);
  if (!entry) return result;
  if (entry->value.kind != Node::Kind::list) {
    if (auto one = to_scalar(entry->value, path(key))) result.push_back(*one);
    return result;
  }
  for (size_t i = 0; i < entry->value.items.size(); ++i)
    if (auto one = to_scalar(entry->value.items[i], join(path(key), i))) result.push_back(*one);
  return result;
}

std::vector<std::pair<std::string, Scalar>> Section::pairs(const std::string& key) {
  std::vector<std::pair<std::string, Scalar>> result;
  for (auto& entry : map_entries(key))
    if (auto one = pair_value(key, entry)) result.emplace_back(entry.key, *one);
  return result;
}

std::vector<std::pair<std::string, std::optional<Scalar>>> Section::nullable_pairs(const std::string& key) {
  std::vector<std::pair<std::string, std::optional<Scalar>>> result;
  for (auto& entry : map_entries(key)) {
    auto null = entry.value.kind == Node::Kind::null;
    auto one = null ? std::nullopt : pair_value(key, entry);
    if (null || one) result.emplace_back(entry.key, std::move(one));
  }
  return result;
}

std::span<const Node::Entry> Section::map_entries(const std::string& key) {
  auto* value = node(key);
  if (!value) return {};
  if (value->kind == Node::Kind::map) return value->entries;
  error(key, "must be a map, not " + kind_name(value->kind), "name: value");
  return {};
}

std::optional<Scalar> Section::pair_value(const std::string& key, const Node::Entry& entry) {
  auto one = to_scalar(entry.value, join(path(key), entry.key));
  if (one) one->key_mark = entry.mark;
  return one;
}

std::optional<Section> Section::section(const std::string& key) {
  auto* value = node(key);
  if (!value) return std::nullopt;
  if (value->kind == Node::Kind::map) return Section(*value, path(key), *diagnostics_);
  error(key, "must be a map, not " + kind_name(value->kind));
  return std::nullopt;
}

std::vector<Section> Section::sections(const std::string& key) {
  std::vector<Section> result;
  auto* value = node(key);
  if (!value) return result;
  if (value->kind == Node::Kind::map) {
    result.emplace_back(*value, path(key), *diagnostics_);
  } else if (value->kind != Node::Kind::list) {
    error(key, "must be a list of maps, not " + kind_name(value->kind));
  } else {
    for (size_t i = 0; i < value->items.size(); ++i) {
      auto& item = value->items[i];
      if (item.kind == Node::Kind::map)
        result.emplace_back(item, join(path(key), i), *diagnostics_);
      else
        diagnostics_->error(item.mark, join(path(key), i), "must be a map, not " + kind_name(item.kind));
    }
  }
  return result;
}

std::vector<std::pair<Text, Section>> Section::named_sections(const std::string& key) {
  std::vector<std::pair<Text, Section>> result;
  auto* value = node(key);
  if (!value) return result;
  if (value->kind != Node::Kind::map) {
    error(key, "must be a map, not " + kind_name(value->kind), "the keys are the names");
    return result;
  }
  for (auto& entry : value->entries) {
    auto where = join(path(key), entry.key);
    if (entry.value.kind != Node::Kind::map)
      diagnostics_->error(entry.value.mark, where, "must be a map, not " + kind_name(entry.value.kind));
    else
      result.emplace_back(Text{entry.key, entry.mark}, Section(entry.value, where, *diagnostics_));
  }
  return result;
}

std::string nearest_hint(const std::string& word, const std::vector<std::string>& known) {
  if (auto hint = did_you_mean(word, known); !hint.empty()) return hint;
  if (known.empty()) return "there is none";
  std::string list;
  for (size_t i = 0; i < known.size() && i < 12; ++i) list += (i ? ", " : "") + known[i];
  return (known.size() == 1 ? "there is " : "one of ") + list + (known.size() > 12 ? ", ..." : "");
}

}  // namespace mombridge::config
