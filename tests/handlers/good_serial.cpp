// Says that it is serial, and rejects a message that comes while another one is being handled.
#include <atomic>
#include <chrono>
#include <thread>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class GoodSerial : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView&, Request& request) override {
    if (busy_.exchange(true)) throw Reject("called concurrently, though serial");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    busy_ = false;
    request.reply("serial");
  }

 private:
  std::atomic<bool> busy_{false};
};

MOMBRIDGE_HANDLER(GoodSerial, "good_serial", "1.0", MOMBRIDGE_HANDLER_SERIAL);
