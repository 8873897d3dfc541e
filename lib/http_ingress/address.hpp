#pragma once
// What a request asks for, by its path: /v1/publish/BROKER/TARGET or /v1/request/BROKER/TARGET.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http_ingress/request_reader.hpp"

namespace mombridge::http_ingress {

enum class Kind { publish, request };

struct Address {
  Kind kind = Kind::publish;
  std::string broker, target;  ///< decoded
  std::optional<Duration> timeout;
};

/// Absent: the path is none of those.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view path);
/// Of a head whose path has a kind. Fails, in words for the caller, where its broker, target or parameters are wrong.
[[nodiscard]] Result<Address> address_of(const RequestHead& head);

/// `%2F` is '/': absent where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace mombridge::http_ingress
