// Counts. The counters of a handler stand beside the bridge's own metrics and in the totals of its log. Their names
// come from a fixed set; a name that is made from a message would fill the bridge's memory.
//   handlers: {meter: {plugin: meter.so, config: {large: 1024}}}
//   routes: [{from: {broker: lake, topic: orders}, to: {handler: meter}}]
#include <cstddef>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Meter : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView& message, Request& request) override {
    host().count("messages");
    host().count("bytes", message.body().size());
    if (message.body().size() > large_) host().count("large_messages");
    if (message.redelivered() || message.attempt() > 1) host().count("messages_seen_before");
    request.done();
  }

 private:
  const std::size_t large_ = config().get("large", std::size_t{1024});  // bytes
};

MOMBRIDGE_HANDLER(Meter, "meter", "1.0");
