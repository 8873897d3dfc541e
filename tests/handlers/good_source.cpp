// Publishes config `messages` (default 100) messages to `broker` and `target` as soon as it has started: bodies "0",
// "1", ... Counts `confirmed` and `failed`, and logs "published all". A source for bridges that have no broker to read
// from. Its start() takes `start_ms`.
#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class GoodSource : public Handler {
 public:
  using Handler::Handler;

  void start() override {
    thread_ = std::jthread([this](std::stop_token stop) {
      for (unsigned i = 0; i < messages_ && !stop.stop_requested(); ++i) publish(i);
      host().info("published all");
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(start_ms_));
  }
  void handle(const MessageView&, Request& request) override { request.done(); }
  void stop() override { thread_ = {}; }

 private:
  void publish(unsigned i) {
    Message message{.target = target_, .body = std::to_string(i)};
    auto host = this->host();
    auto done = [host](Status status, std::string_view) { host.count(status == Status::ok ? "confirmed" : "failed"); };
    while (host.publish(broker_, message, done) == Status::busy)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  const std::string broker_ = config().require("broker");
  const std::string target_ = config().require("target");
  const unsigned start_ms_ = config().get("start_ms", 0u);
  const unsigned messages_ = config().get("messages", 100u);
  std::jthread thread_;
};

MOMBRIDGE_HANDLER(GoodSource, "good_source", "1.0");
