#pragma once
// What a handler returned, as a message to its requester or to the route's reply_to.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "handler/handler.hpp"
#include "message/publication.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

/// A reply on its way: what the handler returned, completed from its request.
struct OutgoingReply {
  std::unique_ptr<OwnedMessage> content;
  Message message;

  /// `request` must outlive this: correlation id and, where the reply has none, record key are taken from it.
  void fill(std::unique_ptr<OwnedMessage> reply, const Message& request, std::string_view app_id);
};

/// What a requester is told where its request cannot be delivered.
struct ErrorReply {
  /// `code`, a literal, is for programs, `reason` for people. `request` must outlive this.
  void fill(std::string_view code, const std::string& reason, const Message& request, std::string_view app_id);

  std::string text;
  std::array<Header, 1> headers;
  Message message;
};

/// Where a reply goes: as the request, or its return path, says.
struct ReplyAddress {
  std::string_view address;
  std::optional<int32_t> partition;
};

/// Directs `publication` with `reply` to a requester, on the broker that its request came from.
void address_reply(Publication& publication, const Message& reply, const ReplyAddress& to,
                   const config::BrokerSettings& settings);

}  // namespace mombridge::routing
