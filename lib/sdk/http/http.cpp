// Hands each message to an HTTP endpoint: its body as it is, its properties and headers as HTTP headers. 2xx is ok, and
// the response is the reply; 4xx but 408, 425 and 429 is a reject; anything else is a retry. README.md beside this file
// has the configuration.
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "mombridge/handler.hpp"
#include "settings.hpp"
#include "transfers.hpp"

class Http : public mombridge::sdk::Handler {
 public:
  using Handler::Handler;

  void start() override {
    for (const std::string* file : {&settings_.ca, &settings_.certificate, &settings_.key}) {
      if (!file->empty() && !std::ifstream(*file)) throw std::runtime_error("cannot read " + *file);
    }
    transfers_.start();
  }

  void handle(const mombridge::sdk::MessageView& message, mombridge::sdk::Request& request) override {
    // The request goes along only when all else has worked, because what is thrown here has to answer it.
    auto transfer = std::make_unique<http::Transfer>(settings_, message);
    if (transfer->left_out() != 0) host().count("headers_left_out", transfer->left_out());
    host().count("requests");
    transfer->answers(std::move(request));
    transfers_.add(std::move(transfer));
  }

  void stop() override { transfers_.stop(); }

 private:
  const http::Settings settings_{config()};
  http::Transfers transfers_{settings_, host()};
};

MOMBRIDGE_HANDLER(Http, "http", "1.0");
