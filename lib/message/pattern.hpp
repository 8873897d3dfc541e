#pragma once
// The topic-exchange language: words split by `.`, `*` is one word, `#` any number of words, none included.
// The empty text is no words at all (RabbitMQ: rabbit_exchange_type_topic:split_topic_key/1), "a..b" has an empty one.
// Source: AMQP 0-9-1 specification, 3.1.3.3 "The Topic Exchange Type".

#include <string>
#include <string_view>
#include <vector>

namespace mombridge {

class Pattern {
 public:
  explicit Pattern(std::string text);

  [[nodiscard]] bool matches(std::string_view target) const;
  /// No `*` and no `#` word: matches just the target that equals it, and can be looked up.
  [[nodiscard]] bool exact() const { return exact_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  /// True where some target matches both patterns.
  [[nodiscard]] bool overlaps(const Pattern& other) const;

 private:
  std::string text_;
  std::vector<std::string> words_;
  bool exact_ = true;
};

/// Shell glob over the whole text: `*`, `?`, `[...]`, and `\\` before what is meant literally. Source: fnmatch(3)
/// without flags.
bool glob_matches(const std::string& glob, std::string_view text);
/// False: as a glob it matches just the text that equals it.
bool has_wildcards(std::string_view glob);

}  // namespace mombridge
