#include "routing/destination_reply.hpp"

namespace mombridge::routing {

std::optional<Refusal> ReplyDestination::prepare(Outgoing& out) const {
  auto& publication = static_cast<Publication&>(out);
  auto& reply = *out.content;
  publication.message = &reply;
  publication.options = endpoint().section->settings->reply_options(out.reply_address.address);
  publication.target = out.reply_address.address;
  publication.key = reply.key;
  publication.headers = {};
  publication.partition = out.reply_address.partition.value_or(-1);
  return std::nullopt;
}

std::string ReplyDestination::text() const { return endpoint().section->name; }

std::string ReplyDestination::explain(const Message& message, std::string_view) const {
  return "the requester at " + text() + (message.reply_to ? ", '" + std::string(*message.reply_to) + "'" : "");
}

}  // namespace mombridge::routing
