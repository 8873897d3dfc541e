#pragma once
// Templates of routes: literal text with {target}, {key}, {broker} and {header.NAME}.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "message/message.hpp"

namespace mombridge::routing {

class Template {
 public:
  /// Fails with one line that says what is wrong: an unknown variable, a brace that is not closed.
  static Result<Template> parse(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// No variable: rendering gives the text itself.
  [[nodiscard]] bool constant() const {
    return parts_.empty() || (parts_.size() == 1 && parts_[0].kind == Kind::literal);
  }
  /// Just `{target}`.
  [[nodiscard]] bool is_target() const { return parts_.size() == 1 && parts_[0].kind == Kind::target; }
  /// What every rendered text begins with.
  [[nodiscard]] std::string_view literal_prefix() const;
  /// {header.…} or {key} in it: the message's sender chooses what it renders to.
  [[nodiscard]] bool chosen_by_message() const;

  /// What is rendered for a message with that target from that broker, as far as the file can tell: what {key} and
  /// {header.NAME} stand for becomes `open`.
  [[nodiscard]] std::string outline(std::string_view target, std::string_view broker, std::string_view open) const;

  /// The rendered text, a view into `storage`, into the template or into the message. Fails where the message lacks
  /// what the template needs. [any thread]
  Result<std::string_view> render(const Message& message, std::string_view broker, std::string& storage) const;

 private:
  enum class Kind { literal, target, key, broker, header };
  struct Part {
    Kind kind;
    std::string text;  ///< of a literal; the name of a header
  };
  Result<> append(const Part& part, const Message& message, std::string_view broker, std::string& out) const;

  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace mombridge::routing
