#pragma once
// A tap as a listener shows it: JSON, one object a line.

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "admin/connection.hpp"
#include "admin/http.hpp"
#include "routing/tap.hpp"

namespace mombridge::admin {

/// [the server's thread] The tap ends with it.
class TapStream final : public Stream {
 public:
  /// By the request's parameters: `route`, `broker`, `target` (a pattern), `headers` and `body` (1). The refusal where
  /// there is no such route or broker, or too many tap.
  [[nodiscard]] static tl::expected<std::shared_ptr<Stream>, HttpResponse> open(const HttpRequest& request);

  explicit TapStream(std::shared_ptr<routing::Tap> tap) : tap_(std::move(tap)) {}
  ~TapStream() override;

  [[nodiscard]] std::optional<std::string> more() override;

 private:
  const std::shared_ptr<routing::Tap> tap_;
};

/// The first line, at once: what passes from then on is shown.
[[nodiscard]] std::string opening_line();

/// One line with its end. Texts are made printable, and a body that is no text is hexadecimal.
[[nodiscard]] std::string to_json_line(const routing::TapEntry& entry);

}  // namespace mombridge::admin
