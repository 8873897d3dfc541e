// Publishes each message to config `broker` and `target`, and is done with it when that is confirmed.
#include <string>
#include <string_view>
#include <utility>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class GoodPublish : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView& message, Request& request) override {
    Message copy = Message::copy_of(message);
    copy.target = target_;
    // If publish() refuses, the callback goes with the request in it, and that answers retry.
    host().publish(broker_, copy, [request = std::move(request)](Status status, std::string_view error) mutable {
      if (status == Status::ok) {
        request.done();
      } else if (status == Status::reject) {
        request.reject(error);
      } else {
        request.retry(error);
      }
    });
  }

 private:
  const std::string broker_ = config().require("broker");
  const std::string target_ = config().require("target");
};

MOMBRIDGE_HANDLER(GoodPublish, "good_publish", "1.0");
