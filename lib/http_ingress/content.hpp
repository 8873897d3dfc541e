#pragma once
// HTTP headers as the properties and headers of a message, and back. The same names as a handler's `http.so` uses.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "http_ingress/address.hpp"
#include "http_ingress/request_reader.hpp"
#include "message/message.hpp"

namespace mombridge::http_ingress {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// A request as a message, whose views are into this object.
class Content {
 public:
  Content(RequestHead head, std::string body) : head_(std::move(head)), body_(std::move(body)) {}
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  /// Once. Fails, in words for the caller, where a header is none that a caller may set. `app_id` is what the message
  /// gets that names no application of its own.
  [[nodiscard]] Result<> read(Kind kind, std::string app_id);

  /// [after read()] For what the bridge adds to it.
  [[nodiscard]] Message& message() { return message_; }
  /// Bytes in memory, about.
  [[nodiscard]] size_t size() const { return body_.size() + kOverhead; }

 private:
  static constexpr size_t kOverhead = 1024;

  Result<> read_header(const std::string& name, const std::string& value, Kind kind);
  Result<> read_property(std::string_view name, const std::string& value, Kind kind);
  Result<> once(Message::Text& into, std::string_view name, const std::string& value) const;

  const RequestHead head_;
  const std::string body_;
  std::string app_id_;  ///< of the bridge
  std::vector<Header> headers_;
  Message message_;
};

/// The properties and headers of a reply, but for its content type. A header whose name or value HTTP has no form for
/// is left out; `left_out` counts them.
[[nodiscard]] HttpHeaders http_headers(const Message& reply, unsigned& left_out);

}  // namespace mombridge::http_ingress
