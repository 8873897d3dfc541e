#pragma once
// Typed reading of one map of the configuration. Nothing here throws: what is wrong goes to the diagnostics, the value
// keeps its default, and reading goes on, so that everything is said at once.

#include <concepts>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "config/live_secret.hpp"
#include "config/node.hpp"

namespace mombridge::config {

/// A scalar as read.
struct Scalar {
  std::string value;
  std::string shown;  ///< for diagnostics: as written in the file, so never what `${...}` stands for
  bool known = true;  ///< false: it holds `${...}` that was not expanded; do not check it
  bool quoted = false;
  Mark mark;
  Mark key_mark;     ///< of pairs(): where its key stands
  std::string path;  ///< for diagnostics

  [[nodiscard]] Text text() const { return {value, mark}; }
  [[nodiscard]] Typed typed() const;
};

/// One map. Every getter names its key; when the section goes, keys that nobody named are reported as unknown. So ask
/// for every key the section may have, whatever the others say. Getters that fill `into` return true where the key has
/// a usable value; an absent key leaves `into` alone. The nodes must outlive the section.
class Section {
 public:
  Section(const Node& map, std::string path, Diagnostics& diagnostics);
  ~Section();
  Section(Section&& other) noexcept;
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  Section& operator=(Section&&) = delete;

  [[nodiscard]] const Mark& mark() const { return node_->mark; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& key) const { return join(path_, key); }
  /// Of the key's value; of the section where the key is absent.
  [[nodiscard]] const Mark& mark(const std::string& key) const;
  [[nodiscard]] Diagnostics& diagnostics() const { return *diagnostics_; }

  /// Present, and not null.
  bool has(const std::string& key);
  /// Reports an absent key. Returns whether it is there.
  bool require(const std::string& key, std::string hint = "");
  /// Reports `key`, where it is there, as something that does not belong here. Returns whether it was there.
  bool refuse(const std::string& key, const std::string& what, const std::string& hint = "");
  /// A key of the contract whose behaviour does not exist yet: only off (`false`, null, or `off`) is accepted.
  void unsupported(const std::string& key, std::string_view off = "false");
  /// The hint that says where `keys` belong, for those of them that stand here and that no getter names.
  void elsewhere(std::initializer_list<std::string_view> keys, const std::string& hint);
  /// No report of unknown keys: the section itself is not understood.
  void ignore_rest() { silent_ = true; }
  void error(const std::string& key, std::string what, std::string hint = "");

  std::optional<Scalar> scalar(const std::string& key);
  bool string(const std::string& key, std::string& into);
  bool text(const std::string& key, Text& into);
  bool secret(const std::string& key, Secret& into);
  /// One that is read again when it is used.
  bool secret(const std::string& key, LiveSecret& into);
  bool flag(const std::string& key, bool& into);
  bool duration(const std::string& key, Duration& into, Duration least = Duration(0),
                Duration most = std::chrono::hours(24 * 365));
  bool size(const std::string& key, uint64_t& into, uint64_t least = 0, uint64_t most = UINT64_MAX);

  template <std::unsigned_integral I>
  bool integer(const std::string& key, I& into, uint64_t least = 0, uint64_t most = std::numeric_limits<I>::max()) {
    auto value = number(key, least, most);
    if (value) into = static_cast<I>(*value);
    return value.has_value();
  }

  template <class E>
  bool choice(const std::string& key, E& into, std::initializer_list<std::pair<std::string_view, E>> choices) {
    std::vector<std::string> names;
    for (auto& [name, value] : choices) names.emplace_back(name);
    auto index = chosen(key, names);
    if (index) into = (choices.begin() + *index)->second;
    return index.has_value();
  }

  /// A list of scalars, or one scalar.
  std::vector<Scalar> strings(const std::string& key);
  /// A map of scalars, in the file's order.
  std::vector<std::pair<std::string, Scalar>> pairs(const std::string& key);
  /// The same, where null is a value, too.
  std::vector<std::pair<std::string, std::optional<Scalar>>> nullable_pairs(const std::string& key);
  std::optional<Section> section(const std::string& key);
  /// A list of maps, or one map.
  std::vector<Section> sections(const std::string& key);
  /// A map of maps: each with its key and the key's mark.
  std::vector<std::pair<Text, Section>> named_sections(const std::string& key);
  /// Whatever stands there; nullptr where the key is absent or null.
  const Node* node(const std::string& key);

 private:
  const Node::Entry* find(const std::string& key);
  std::optional<Scalar> to_scalar(const Node& node, const std::string& path);
  std::span<const Node::Entry> map_entries(const std::string& key);
  std::optional<Scalar> pair_value(const std::string& key, const Node::Entry& entry);
  std::optional<uint64_t> number(const std::string& key, uint64_t least, uint64_t most);
  std::optional<size_t> chosen(const std::string& key, const std::vector<std::string>& names);

  const Node* node_;
  std::string path_;
  Diagnostics* diagnostics_;
  std::vector<std::string> known_;
  std::vector<std::pair<std::string, std::string>> elsewhere_;  ///< key and hint
  bool silent_ = false;
};

/// `did you mean 'x'?`, or else the list of what there is; for a reference by name.
std::string nearest_hint(const std::string& word, const std::vector<std::string>& known);

}  // namespace mombridge::config
