// Messages in C++: MessageView (borrowed, what handle() receives) and Message (owned, what a handler sends).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mombridge/handler.h"

namespace mombridge::sdk {

// mombridge_status with a type; see there for what each value means.
enum class Status : mombridge_status {
  ok = MOMBRIDGE_OK,
  retry = MOMBRIDGE_RETRY,
  reject = MOMBRIDGE_REJECT,
  invalid = MOMBRIDGE_INVALID,
  not_found = MOMBRIDGE_NOT_FOUND,
  busy = MOMBRIDGE_BUSY,
  closed = MOMBRIDGE_CLOSED,
  internal = MOMBRIDGE_INTERNAL
};

// An absent slice becomes a view whose data() is null.
inline std::string_view view(mombridge_slice slice) noexcept {
  return {static_cast<const char*>(slice.data), slice.data == nullptr ? 0 : slice.size};
}
// A view whose data() is null becomes an absent slice.
inline mombridge_slice slice(std::string_view text) noexcept { return {text.data(), text.size()}; }

// A received message. Borrowed: this and every view it returns end with the handle() call. Make a Message of it, or
// std::strings of its parts, to keep them. What is absent is empty.
class MessageView {
 public:
  explicit MessageView(const mombridge_message& message) noexcept : message_(&message) {}

  std::string_view target() const noexcept { return view(message_->target); }
  std::string_view body() const noexcept { return view(message_->body); }
  std::optional<std::string_view> key() const noexcept {
    return message_->key.data == nullptr ? std::nullopt : std::optional(view(message_->key));
  }
  std::string_view content_type() const noexcept { return view(message_->content_type); }
  std::string_view content_encoding() const noexcept { return view(message_->content_encoding); }
  std::string_view correlation_id() const noexcept { return view(message_->correlation_id); }
  std::string_view reply_to() const noexcept { return view(message_->reply_to); }
  std::string_view message_id() const noexcept { return view(message_->message_id); }
  std::string_view type() const noexcept { return view(message_->type); }
  std::string_view source() const noexcept { return view(message_->source); }
  std::int64_t timestamp_ms() const noexcept { return message_->timestamp_ms; }
  std::int64_t deadline_ms() const noexcept { return message_->deadline_ms; }
  std::uint32_t attempt() const noexcept { return message_->attempt; }
  bool redelivered() const noexcept { return (message_->flags & MOMBRIDGE_MESSAGE_REDELIVERED) != 0; }

  std::span<const mombridge_header> headers() const noexcept { return {message_->headers, message_->header_count}; }
  // The first header of that name, compared byte by byte.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    for (const mombridge_header& header : headers()) {
      if (view(header.name) == name) return view(header.value);
    }
    return std::nullopt;
  }

  const mombridge_message& raw() const noexcept { return *message_; }

 private:
  const mombridge_message* message_;
};

// A message to send or to reply with: `{.body = "Hi", .content_type = "text/plain"}`. Owns its bytes.
// In a reply, target, correlation_id and reply_to are ignored. Empty means absent, save for body and key.
struct Message {
  std::string target{};
  std::string body{};
  std::optional<std::string> key{};
  std::string content_type{};
  std::string content_encoding{};
  std::string correlation_id{};
  std::string reply_to{};
  std::string message_id{};
  std::string type{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::int64_t timestamp_ms = 0;  // unix time in milliseconds; 0: none
  std::int64_t deadline_ms = 0;   // the same

  Message& add_header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  // Everything a message carries, headers included: where a transforming handler starts.
  static Message copy_of(const MessageView& from) {
    Message copy{.target = std::string(from.target()),
                 .body = std::string(from.body()),
                 .key = std::nullopt,
                 .content_type = std::string(from.content_type()),
                 .content_encoding = std::string(from.content_encoding()),
                 .correlation_id = std::string(from.correlation_id()),
                 .reply_to = std::string(from.reply_to()),
                 .message_id = std::string(from.message_id()),
                 .type = std::string(from.type()),
                 .timestamp_ms = from.timestamp_ms(),
                 .deadline_ms = from.deadline_ms()};
    if (const auto key = from.key()) copy.key.emplace(*key);
    for (const mombridge_header& header : from.headers()) {
      copy.add_header(std::string(view(header.name)), std::string(view(header.value)));
    }
    return copy;
  }
};

namespace detail {

// The C form of a Message, valid while both live.
class Wire {
 public:
  explicit Wire(const Message& from) {
    headers_.reserve(from.headers.size());
    for (const auto& [name, value] : from.headers) headers_.push_back({slice(name), slice(value)});
    message_.struct_size = sizeof message_;
    message_.target = present(from.target);
    message_.body = slice(from.body);
    message_.key = from.key ? slice(*from.key) : mombridge_slice{};
    message_.content_type = present(from.content_type);
    message_.content_encoding = present(from.content_encoding);
    message_.correlation_id = present(from.correlation_id);
    message_.reply_to = present(from.reply_to);
    message_.message_id = present(from.message_id);
    message_.type = present(from.type);
    message_.headers = headers_.empty() ? nullptr : headers_.data();
    message_.header_count = headers_.size();
    message_.timestamp_ms = from.timestamp_ms;
    message_.deadline_ms = from.deadline_ms;
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  mombridge_message& message() noexcept { return message_; }

 private:
  static mombridge_slice present(const std::string& text) { return text.empty() ? mombridge_slice{} : slice(text); }

  std::vector<mombridge_header> headers_;
  mombridge_message message_{};
};

}  // namespace detail
}  // namespace mombridge::sdk
