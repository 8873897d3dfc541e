#include "routing/reply.hpp"

#include "base/text.hpp"

namespace mombridge::routing {

void OutgoingReply::fill(std::unique_ptr<OwnedMessage> reply, const Message& request, std::string_view app_id) {
  content = std::move(reply);
  message = content->message;
  message.target = request.target;
  if (!message.key) message.key = request.key;
  message.correlation_id = request.correlation_id;
  message.encoded_id = request.encoded_id;
  message.reply_to.reset();
  message.reply_partition.reset();
  message.app_id = app_id;
}

void ErrorReply::fill(std::string_view code, const std::string& reason, const Message& request,
                      std::string_view app_id) {
  text = printable(reason, 1024);
  headers[0] = {header::kError, Value::of(code)};
  message = {};
  message.target = request.target;
  message.body = text;
  message.key = request.key;
  message.content_type = "text/plain";
  message.correlation_id = request.correlation_id;
  message.encoded_id = request.encoded_id;
  message.app_id = app_id;
  message.headers = headers;
}

void address_reply(Publication& publication, const Message& reply, const ReplyAddress& to,
                   const config::BrokerSettings& settings) {
  publication.message = &reply;
  publication.exchange = settings.reply_exchange;
  publication.target = to.address;
  publication.key = reply.key;
  publication.headers = {};
  publication.partition = to.partition.value_or(-1);
  publication.keep_timestamp = false;
  publication.literal_id = !reply.encoded_id;
  // RabbitMQ 3.10 delivers a mandatory message to a direct reply-to address and returns it as unroutable all the same.
  publication.mandatory = !to.address.starts_with("amq.rabbitmq.reply-to.");
}

}  // namespace mombridge::routing
