// Does not return from handle() before the file exists that config `until` names; then answers "at last". Counts what
// has `entered` it.
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadBlocks : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView& message, Request& request) override {
    host().count("entered");
    while (!std::filesystem::exists(until_)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    request.reply("at last, " + std::string(message.body()));
  }

 private:
  const std::string until_ = config().require("until");
};

MOMBRIDGE_HANDLER(BadBlocks, "bad_blocks", "1.0");
