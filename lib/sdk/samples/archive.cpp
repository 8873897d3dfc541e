// Publishes a copy of each message to another broker, and is done with the message when that broker has confirmed the
// copy. So nothing is lost: what is not confirmed is tried again, and may then be archived twice.
//   handlers: {archive: {plugin: archive.so, config: {broker: lake, target: orders.archive}}}
//   routes: [{from: {broker: shop, queue: orders}, to: {handler: archive}}]
#include <string>
#include <string_view>
#include <utility>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Archive : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView& message, Request& request) override {
    Message copy = Message::copy_of(message);
    copy.target = target_;
    // The callback takes the request along and may run before publish() returns. If publish() refuses the message, the
    // callback is dropped, and a request that is dropped is tried again.
    const Status taken =
        host().publish(broker_, copy, [request = std::move(request)](Status status, std::string_view error) mutable {
          if (status == Status::ok) {
            request.done();
          } else if (status == Status::reject) {
            request.reject(error);
          } else {
            request.retry(error);
          }
        });
    if (taken == Status::not_found) host().error("there is no broker '" + broker_ + "' to archive to");
  }

 private:
  const std::string broker_ = config().require("broker");
  const std::string target_ = config().require("target");
};

MOMBRIDGE_HANDLER(Archive, "archive", "1.0");
