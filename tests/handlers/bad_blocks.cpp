// Does not return from handle() before the file exists that config `until` names; then answers "at last".
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadBlocks : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView&, Request& request) override {
    while (!std::filesystem::exists(until_)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    request.reply("at last");
  }

 private:
  const std::string until_ = config().require("until");
};

MOMBRIDGE_HANDLER(BadBlocks, "bad_blocks", "1.0");
