// From YAML text to a Node, event by event, so that depth, aliases and duplicates are bounded while they come in.

#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/node.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

/// Ends the parse from inside yaml-cpp; never leaves this file.
struct Stop {};

class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}
  Node root;

  void OnDocumentStart(const YAML::Mark& at) override {
    if (documents_++ > 0)
      stop(at, "text after the end of the first document", "one document per file; is the indentation right?");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& at, YAML::anchor_t anchor) override { add(make(Node::Kind::null, at), anchor); }

  void OnScalar(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(at, tag);
    auto node = make(Node::Kind::scalar, at);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& at, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(at, "an alias to something that contains it", "");
    size_t height = 0;
    measure(at, found->second, 0, height);
    if (stack_.size() + height > kDeepest) too_deep(at);
    // The copy keeps the marks of the anchor's values, because diagnostics must point at where they stand.
    add(Node(found->second), YAML::NullAnchor);
  }

  void OnSequenceStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, at, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, at, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Node::Entry> pending;  ///< a key whose value comes next
    bool skip = false;                   ///< the pending value belongs to a key that was refused
    std::unordered_map<std::string, int> lines;
  };

  [[nodiscard]] Mark mark(const YAML::Mark& at) const { return {file_, at.line + 1, at.column + 1}; }

  [[noreturn]] void stop(const YAML::Mark& at, std::string what, std::string hint) {
    diagnostics_.error(mark(at), path(), std::move(what), std::move(hint));
    throw Stop{};
  }
  [[noreturn]] void too_deep(const YAML::Mark& at) {
    diagnostics_.error(mark(at), "", "nested deeper than " + std::to_string(kDeepest) + " levels", "");
    throw Stop{};
  }

  Node make(Node::Kind kind, const YAML::Mark& at) {
    count(at, 1);
    Node node;
    node.kind = kind;
    node.mark = mark(at);
    return node;
  }
  void count(const YAML::Mark& at, size_t more) {
    nodes_ += more;
    if (nodes_ > kMostNodes) {
      diagnostics_.error(mark(at), "", "more than " + std::to_string(kMostNodes) + " values",
                         "aliases count as often as they stand for something");
      throw Stop{};
    }
  }
  void measure(const YAML::Mark& at, const Node& node, size_t depth, size_t& height) {
    height = std::max(height, depth);
    count(at, 1);
    for (auto& item : node.items) measure(at, item, depth + 1, height);
    for (auto& entry : node.entries) measure(at, entry.value, depth + 1, height);
  }

  void check_tag(const YAML::Mark& at, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      stop(at, "tags (" + in_quotes(tag) + ") are not supported", "leave it out");
  }

  [[nodiscard]] bool key_comes() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::map && !stack_.back().pending;
  }

  void open(Node::Kind kind, const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(at, tag);
    if (key_comes()) stop(at, "a key must be a plain word, not a list or map", "");
    if (stack_.size() >= kDeepest) too_deep(at);
    stack_.push_back({make(kind, at), anchor, std::nullopt, false, {}});
  }

  void close() {
    auto frame = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (stack_.empty()) {
      root = std::move(node);
    } else if (stack_.back().node.kind == Node::Kind::list) {
      stack_.back().node.items.push_back(std::move(node));
    } else if (key_comes()) {
      add_key(std::move(node));
    } else {
      add_value(std::move(node));
    }
  }

  void add_key(Node key) {
    auto& frame = stack_.back();
    auto where = path();
    frame.skip = true;
    if (key.kind != Node::Kind::scalar || key.text.empty()) {
      diagnostics_.error(key.mark, where,
                         key.kind == Node::Kind::scalar || key.kind == Node::Kind::null
                             ? "an empty key"
                             : "a key must be a plain word, not a list or map");
    } else if (key.text == "<<") {
      diagnostics_.error(key.mark, where, "merge keys '<<' are not supported", "write the values out");
    } else if (auto [first, added] = frame.lines.emplace(key.text, key.mark.line); !added) {
      diagnostics_.error(key.mark, where, "duplicate key " + in_quotes(key.text),
                         "first in line " + std::to_string(first->second));
    } else {
      frame.skip = false;
    }
    frame.pending = Node::Entry{std::move(key.text), std::move(key.mark), {}};
  }

  void add_value(Node value) {
    auto& frame = stack_.back();
    auto entry = std::move(*frame.pending);
    frame.pending.reset();
    if (frame.skip) return;
    // An absent value has no place of its own.
    if (value.kind == Node::Kind::null) value.mark = entry.mark;
    entry.value = std::move(value);
    frame.node.entries.push_back(std::move(entry));
  }

  [[nodiscard]] std::string path() const {
    std::string result;
    for (auto& frame : stack_) {
      if (frame.node.kind == Node::Kind::list)
        result = join(result, frame.node.items.size());
      else if (frame.pending)
        result = join(result, frame.pending->key);
    }
    return result;
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

// yaml-cpp has many errors for a tab in the indentation, and most of them speak of something else.
std::optional<Mark> tab_near(const std::string& file, const std::string& text, int line) {
  std::istringstream lines(text);
  std::string content;
  for (int number = 0; number <= line && std::getline(lines, content); ++number) {
    auto tab = content.find('\t');
    if (number >= line - 1 && tab != std::string::npos && content.find_first_not_of(" \t") > tab)
      return Mark{file, number + 1, static_cast<int>(tab) + 1};
  }
  return std::nullopt;
}

/// The character at a line and column that count from 0, as the parser's do; NUL beyond the text.
char character_at(const std::string& text, int line, int column) {
  std::istringstream lines(text);
  std::string content;
  while (line-- >= 0 && std::getline(lines, content)) {
  }
  return column >= 0 && static_cast<size_t>(column) < content.size() ? content[static_cast<size_t>(column)] : '\0';
}

// Inside { } and [ ] a brace begins a map even in the middle of a word. The parser then ends the word there and reports
// that the map around it does not end. Returns the place of such a brace.
std::optional<Mark> brace_in_word(const std::string& file, const std::string& text, int line, int column) {
  char before = character_at(text, line, column - 1);
  bool in_word = before > ' ' && std::string_view(",:[{").find(before) == std::string_view::npos;
  if (character_at(text, line, column) != '{' || !in_word) return std::nullopt;
  return Mark{file, line + 1, before == '$' ? column : column + 1};
}

// What is mostly wrong where the parser says this.
const char* hint_for(const std::string& message) {
  constexpr std::pair<std::string_view, const char*> kHints[] = {
      {"the referenced anchor is not defined", "text that begins with * goes in quotes"},
      {"illegal map value", "text with ': ' in it goes in quotes; a nested map begins on a line of its own"},
      {"end of map flow not found", "a '{' or a quote that is not closed"},
      {"end of sequence flow not found", "a '[' or a quote that is not closed"},
      {"end of map not found", "the indentation does not fit the lines above"},
      {"end of sequence not found", "the indentation does not fit the lines above"},
      {"unknown escape character: ", "in double quotes a backslash is written \\\\"},
  };
  for (auto& [text, hint] : kHints)
    if (message.starts_with(text)) return hint;
  return "";
}

void report(const std::string& file, const std::string& text, const YAML::Exception& e, Diagnostics& diagnostics) {
  int line = std::max(e.mark.line, 0), column = std::max(e.mark.column, 0);
  if (auto tab = tab_near(file, text, line))
    diagnostics.error(*tab, "", "a tab in the indentation", "YAML wants spaces");
  else if (auto brace = brace_in_word(file, text, line, column))
    diagnostics.error(*brace, "", "text with a '{' in it, inside { } or [ ]",
                      "it goes in quotes: \"${file:/run/secrets/password}\", \"task.{key}\"");
  else
    diagnostics.error({file, line + 1, column + 1}, "", "not valid YAML: " + e.msg, hint_for(e.msg));
}

}  // namespace

const Node::Entry* Node::find(const std::string& key) const {
  for (auto& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

std::string join(const std::string& path, const std::string& key) {
  auto part = key.size() <= 100 ? key : key.substr(0, 100) + "...";
  return path.empty() ? part : path + "." + part;
}
std::string join(const std::string& path, size_t index) { return path + "[" + std::to_string(index) + "]"; }

std::string place(const Mark& mark) { return mark.file + ":" + std::to_string(mark.line); }

bool parse(const std::string& file, const std::string& text, Node& root, Diagnostics& diagnostics) {
  Builder builder(file, diagnostics);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return false;
  } catch (const YAML::Exception& e) {
    report(file, text, e, diagnostics);
    return false;
  } catch (const std::exception& e) {
    diagnostics.error({file, 1, 1}, "", std::string("not valid YAML: ") + e.what(), "");
    return false;
  }
  root = std::move(builder.root);
  return true;
}

}  // namespace mombridge::config
