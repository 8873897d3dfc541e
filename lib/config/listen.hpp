#pragma once
// Where something listens: an address, or a unix socket.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mombridge::config {

/// `HOST:PORT`, `[IPv6]:PORT` or `unix:/PATH`.
struct Listen {
  std::string text;  ///< as written
  std::string path;  ///< of a unix socket; empty: it is an address
  std::string host;  ///< without brackets
  uint16_t port = 0;

  /// Only programs on this machine reach it.
  [[nodiscard]] bool local() const;
};

/// Both are known, and only one of them can be bound.
[[nodiscard]] bool same_place(const Listen& a, const Listen& b);

/// An address of this machine's own: 127.0.0.0/8, ::1 or "localhost"; without brackets.
[[nodiscard]] bool is_loopback(std::string_view host);

/// Fails with what is wrong, to be put behind the text itself ("has no port").
[[nodiscard]] Result<Listen> parse_listen(const std::string& text);

}  // namespace mombridge::config
