// Answers each request with a greeting:
//   handlers: {@NAME@: {plugin: @NAME@.so, config: {greeting: "Hello, "}}}
#include <string>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class @CLASS@ : public Handler {
 public:
  using Handler::Handler;

  // Several at a time, on threads of the bridge. What is thrown here ends the message: Reject dead-letters it, anything
  // else means that it is tried again.
  void handle(const MessageView& message, Request& request) override {
    if (message.body().empty()) throw Reject("there is nobody to greet");
    request.reply(greeting_ + std::string(message.body()));
    host().count("greetings");
  }

 private:
  const std::string greeting_ = config().get("greeting", "Hello, ");
};

MOMBRIDGE_HANDLER(@CLASS@, "@NAME@", "0.1");
