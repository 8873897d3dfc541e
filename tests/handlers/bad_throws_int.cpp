// Throws something that is no std::exception.
#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class BadThrowsInt : public Handler {
 public:
  using Handler::Handler;
  void handle(const MessageView&, Request&) override { throw 42; }
};

MOMBRIDGE_HANDLER(BadThrowsInt, "bad_throws_int", "1.0");
