// Answers every request with a greeting:
//   handlers: {greeter: {plugin: greeter.so, config: {greeting: "Hi there too"}}}
#include <string>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Greeter : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView&, Request& request) override { request.reply(greeting_); }

 private:
  const std::string greeting_ = config().get("greeting", "Hi there too");
};

MOMBRIDGE_HANDLER(Greeter, "greeter", "1.0");
