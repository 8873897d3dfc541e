#pragma once
// What a requester gets, as a message: what a handler returned, or that its request failed.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "message/message.hpp"
#include "message/owned.hpp"

namespace mombridge::routing {

/// A reply on its way: what the handler returned, completed from its request.
struct OutgoingReply {
  std::unique_ptr<OwnedMessage> content;
  std::string author;  ///< a copy, because a reply that waits may outlive the configuration that it began with
  Message message;

  /// `request` must outlive this: correlation id and, where the reply has none, record key are taken from it.
  void fill(std::unique_ptr<OwnedMessage> reply, const Message& request, std::string_view app_id);
};

/// What a requester is told where its request cannot be delivered.
struct ErrorReply {
  /// `code`, a literal, is for programs, `reason` for people. `request` must outlive this.
  void fill(std::string_view code, const std::string& reason, const Message& request, std::string_view app_id);

  std::string text, author;
  std::array<Header, 1> headers;
  Message message;
};

}  // namespace mombridge::routing
