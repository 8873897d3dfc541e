#include "routing/reply.hpp"

#include "base/text.hpp"

namespace mombridge::routing {

void OutgoingReply::fill(std::unique_ptr<OwnedMessage> reply, const Message& request, std::string_view app_id) {
  content = std::move(reply);
  message = content->message;
  message.target = request.target;
  if (!message.key) message.key = request.key;
  message.correlation_id = request.correlation_id;
  message.id_form = request.id_form;
  message.reply_to.reset();
  message.reply_partition.reset();
  author = app_id;
  message.app_id = author;
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
  message.id_form = returned_form(request.id_form);
  author = app_id;
  message.app_id = author;
  message.headers = headers;
}

}  // namespace mombridge::routing
