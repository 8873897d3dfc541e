// Says retry and reject. A message that can never be used is rejected and goes to the dead letters at once, with the
// reason. A message whose time has not come yet is retried: the bridge waits (`failures: {backoff: …}`), hands it over
// again and dead-letters it after `attempts`. Anything else goes on.
//   handlers: {gate: {plugin: gate.so, config: {header: not-before}}}
//   routes: [{from: {broker: shop, queue: planned}, to: {handler: gate, reply_to: {broker: lake, target: due}}}]
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Gate : public Handler {
 public:
  using Handler::Handler;

  void handle(const MessageView& message, Request& request) override {
    const auto not_before = message.header(header_);
    if (!not_before) throw Reject("the header '" + header_ + "' is missing");
    if (unix_seconds(*not_before) > now()) return void(request.retry("it is too early"));
    request.reply(Message::copy_of(message));
  }

 private:
  // Reject ends the message from however deep it is thrown. Any other exception would mean retry.
  std::int64_t unix_seconds(std::string_view text) const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return value;
    throw Reject("the header '" + header_ + "' is no time in seconds since 1970");
  }
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  const std::string header_ = config().get("header", "not-before");
};

MOMBRIDGE_HANDLER(Gate, "gate", "1.0");
