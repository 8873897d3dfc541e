// Sleeps config `sleep_ms` (default 1000) in handle(), then answers "slow".
#include <chrono>
#include <thread>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadSlow : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView&, Request& request) override {
    std::this_thread::sleep_for(sleep_);
    request.reply("slow");
  }

 private:
  const std::chrono::milliseconds sleep_{config().get("sleep_ms", 1000u)};
};

MOMBRIDGE_HANDLER(BadSlow, "bad_slow", "1.0");
