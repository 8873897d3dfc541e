#pragma once
// A parsed file as a tree of our own. yaml-cpp ends at parse.cpp: its nodes would load any depth, any alias and any
// duplicate key before we could say no.

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/diagnostics.hpp"

namespace mombridge::config {

struct Node {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  Mark mark;
  // A scalar:
  std::string text;         ///< with `${...}` expanded
  std::string written;      ///< as in the file, where that differs: what diagnostics show, since `text` may be secret
  bool quoted = false;      ///< in quotes or a block: a string even where it looks like a number
  bool unexpanded = false;  ///< `${...}` left as it is (LoadOptions::environment false): the value is not known
  // A list, a map:
  std::vector<Node> items;
  std::vector<Entry> entries;

  /// For diagnostics.
  [[nodiscard]] const std::string& shown() const { return written.empty() ? text : written; }
  [[nodiscard]] const Entry* find(const std::string& key) const;
};

struct Node::Entry {
  std::string key;
  Mark mark;  ///< of the key
  Node value;
};

/// One step down: "brokers" and "shop" make "brokers.shop".
std::string join(const std::string& path, const std::string& key);
std::string join(const std::string& path, size_t index);

/// "file:line", for a diagnostic that names a second place.
std::string place(const Mark& mark);

/// What a file may be at most; everything above gives one clear error instead of a full memory or a deep stack.
constexpr size_t kLargestFile = 4 << 20;
constexpr size_t kDeepest = 64;
constexpr size_t kMostNodes = 200'000;

/// Parses one file's text; duplicate keys, merge keys and everything that is not plain data are reported. Returns false
/// where there is no tree to read; an empty document is a null node.
bool parse(const std::string& file, const std::string& text, Node& root, Diagnostics& diagnostics);

}  // namespace mombridge::config
