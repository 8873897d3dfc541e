// Throws a std exception for every message.
#include <stdexcept>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadThrows : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView&, Request&) override { throw std::runtime_error("thrown on purpose"); }
};

MOMBRIDGE_HANDLER(BadThrows, "bad_throws", "1.0");
