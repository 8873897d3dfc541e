#pragma once
// A regular expression over targets, as Kafka's client reads it: POSIX, extended. Source: librdkafka's rdregex.c, which
// compiles with regcomp(3).

#include <memory>
#include <optional>
#include <regex.h>
#include <string>

#include "base/result.hpp"

namespace mombridge {

/// Immutable. Copies share the compiled form. [any thread]
class Expression {
 public:
  /// Fails with regcomp's own words. Refuses what regcomp would take without end: repetitions of repetitions that
  /// multiply to more than 10,000 places, back-references, texts over 1 KiB.
  static Result<Expression> compile(const std::string& text);

  [[nodiscard]] bool matches(const std::string& target) const;
  [[nodiscard]] const std::string& text() const { return text_; }

  /// A target that it matches, for trying out what a configuration does with such targets: another one for each
  /// `variant`, as far as the expression allows. nullopt where none was found, which does not mean that there is none.
  [[nodiscard]] std::optional<std::string> sample(unsigned variant) const;

 private:
  Expression() = default;

  std::string text_;
  std::shared_ptr<const regex_t> compiled_;
};

}  // namespace mombridge
