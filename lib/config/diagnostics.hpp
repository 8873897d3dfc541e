#pragma once
// Everything that is wrong with a configuration, collected so that it can be said all at once.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace mombridge::config {

struct Diagnostic {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  Mark mark;
  std::string path;  ///< "brokers.shop.url"; empty for the file as a whole
  std::string what;
  std::string hint;  ///< how to mend it; may be empty

  /// `file:line:col: error: path: what (hint)`, one line, control characters escaped.
  [[nodiscard]] std::string text() const;
};

class Diagnostics {
 public:
  void error(const Mark& mark, std::string path, std::string what, std::string hint = "");
  void warning(const Mark& mark, std::string path, std::string what, std::string hint = "");
  [[nodiscard]] bool ok() const { return errors_ == 0; }
  /// Says that `file` is read now: sets its place in sorted().
  void reading(const std::string& file);
  /// By file (in the order of reading), line and column.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
  std::vector<std::string> files_;
  size_t errors_ = 0;
};

/// The nearest of `known` within a third of the word's length in edits; empty where none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);
/// "did you mean 'x'?"; empty where none is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);
/// The same behind a sentence: " (did you mean 'x'?)", or empty.
std::string or_did_you_mean(const std::string& word, const std::vector<std::string>& known);

}  // namespace mombridge::config
