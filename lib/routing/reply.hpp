#pragma once
// What a handler returned, as a message to its requester or to the route's reply_to.

#include <memory>
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

/// May replies go to this address? It is the requester's choice, and the bridge may write where requesters may not.
bool reply_allowed(const config::BrokerSettings& settings, std::string_view reply_to);

/// Directs `publication` to the request's own reply address, on the broker the request came from.
void address_reply(Publication& publication, const OutgoingReply& reply, const Message& request,
                   const config::BrokerSettings& settings);

}  // namespace mombridge::routing
