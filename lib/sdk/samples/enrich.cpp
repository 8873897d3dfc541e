// Transforms messages on their way from one broker to another: the body in upper case, one header more. The result is
// the reply, so without a reply address of its own it goes where the route says:
//   handlers: {enrich: {plugin: enrich.so, config: {header: {name: enriched-by, value: mombridge}}}}
//   routes: [{from: {broker: shop, target: raw}, to: {handler: enrich, reply_to: {broker: lake, target: enriched}}}]
#include <algorithm>
#include <string>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Enrich : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView& message, Request& request) override {
    if (message.body().empty()) throw Reject("an empty body cannot be enriched");

    // A copy keeps what the message carries: headers, content type, key, message id.
    Message result = Message::copy_of(message);
    std::ranges::transform(result.body, result.body.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    result.add_header(header_, value_);
    request.reply(result);
    host().count("enriched");
  }

 private:
  const std::string header_ = config().get("header.name", "enriched-by");
  const std::string value_ = config().get("header.value", "mombridge");
};

MOMBRIDGE_HANDLER(Enrich, "enrich", "1.0");
