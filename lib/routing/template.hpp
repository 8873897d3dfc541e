#pragma once
// Templates of routes: literal text with {target}, {key}, {broker} and {header.NAME}, each with or without a default:
// {header.NAME:-text}.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "message/message.hpp"

namespace mombridge::routing {

class Template {
 public:
  /// Fails with one line that says what is wrong: an unknown variable, a brace that is not closed. A default ends at
  /// the first '}'; in it `\{`, `\}` and `\\` stand for '{', '}' and '\'.
  static Result<Template> parse(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// No variable: rendering gives the text itself.
  [[nodiscard]] bool constant() const {
    return parts_.empty() || (parts_.size() == 1 && parts_[0].kind == Kind::literal);
  }
  /// Just `{target}`.
  [[nodiscard]] bool is_target() const {
    return parts_.size() == 1 && parts_[0].kind == Kind::target && !parts_[0].fallback;
  }
  /// What every rendered text begins with.
  [[nodiscard]] std::string_view literal_prefix() const;
  /// {header.…} or {key} in it: the message's sender chooses what it renders to.
  [[nodiscard]] bool chosen_by_message() const;

  /// What is rendered for a message with that target from that broker, as far as the file can tell: what {key} and
  /// {header.NAME} stand for becomes `open`.
  [[nodiscard]] std::string outline(std::string_view target, std::string_view broker, std::string_view open) const;

  /// What is rendered for a message that has neither key nor headers. Nullopt if the template needs one of them, or
  /// what the caller does not know.
  [[nodiscard]] std::optional<std::string> defaults(std::optional<std::string_view> target,
                                                    std::optional<std::string_view> broker) const;

  /// The rendered text, a view into `storage`, into the template or into the message. A default stands for
  /// what the message lacks, or has empty, or has as something that is no plain value (a list, a table); without one,
  /// rendering fails where there is nothing to render. [any thread]
  Result<std::string_view> render(const Message& message, std::string_view broker, std::string& storage) const;

 private:
  enum class Kind { literal, target, key, broker, header };
  struct Part {
    Kind kind;
    std::string text;  ///< of a literal; the name of a header
    std::optional<std::string> fallback;
  };
  static Result<Part> parse_variable(std::string_view& rest);
  Result<> append(const Part& part, const Message& message, std::string_view broker, std::string& out) const;
  static bool append_value(const Part& part, const Message& message, std::string_view broker, std::string& out);
  static std::string lack(const Part& part, const Message& message);

  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace mombridge::routing
