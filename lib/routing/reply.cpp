#include "routing/reply.hpp"

#include <algorithm>

namespace mombridge::routing {

void OutgoingReply::fill(std::unique_ptr<OwnedMessage> reply, const Message& request, std::string_view app_id) {
  content = std::move(reply);
  message = content->message;
  message.target = request.target;
  if (!message.key) message.key = request.key;
  message.correlation_id = request.correlation_id;
  message.reply_to.reset();
  message.reply_partition.reset();
  message.app_id = app_id;
}

bool reply_allowed(const config::BrokerSettings& settings, std::string_view reply_to) {
  if (reply_to.empty()) return false;
  if (settings.allow_reply_to.empty())
    return std::ranges::find(settings.own_names, reply_to) == settings.own_names.end();
  return std::ranges::any_of(settings.allow_reply_to, [&](auto& glob) { return glob_matches(glob, reply_to); });
}

void address_reply(Publication& publication, const OutgoingReply& reply, const Message& request,
                   const config::BrokerSettings& settings) {
  publication.message = &reply.message;
  publication.exchange = settings.reply_exchange;
  publication.target = *request.reply_to;
  publication.key = reply.message.key;
  publication.headers = {};
  publication.partition = request.reply_partition.value_or(-1);
  // RabbitMQ 3.10 delivers a mandatory message to a direct reply-to address and returns it as unroutable all the same.
  publication.mandatory = !request.reply_to->starts_with("amq.rabbitmq.reply-to.");
}

}  // namespace mombridge::routing
