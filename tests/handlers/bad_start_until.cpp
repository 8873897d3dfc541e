// start() fails until there is a file: config `file`.
#include <filesystem>
#include <stdexcept>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadStartUntil : public Handler {
 public:
  using Handler::Handler;
  void start() override {
    if (!std::filesystem::exists(file_)) throw std::runtime_error("the database is not there yet");
  }
  void handle(const MessageView&, Request& request) override { request.reply("started"); }

 private:
  const std::string file_ = config().require("file");
};

MOMBRIDGE_HANDLER(BadStartUntil, "bad_start_until", "1.0");
