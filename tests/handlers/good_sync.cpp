// Answers inside handle(): body "sync:" + body, and keeps the headers.
#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class GoodSync : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView& message, Request& request) override {
    Message reply = Message::copy_of(message);
    reply.body.insert(0, "sync:");
    request.reply(reply);
  }
};

MOMBRIDGE_HANDLER(GoodSync, "good_sync", "1.0");
