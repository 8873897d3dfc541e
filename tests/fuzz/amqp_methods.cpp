// What a server says in methods, at the login and after it: whatever it says, the login ends well or with a reason, and
// the decoder takes only what servers send.
// Input: methods, each behind two bytes with its size: the number of its class, that of the method, the arguments.

#include "broker/amqp/handshake.hpp"
#include "broker/amqp/methods.hpp"
#include "support.hpp"

using namespace mombridge;        // NOLINT(google-build-using-namespace)
using namespace mombridge::amqp;  // NOLINT(google-build-using-namespace)

namespace {

Settings settings() {
  Settings made;
  made.endpoints.emplace_back().host = "rabbit";
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Settings kSettings = settings();
  fuzz::Input input(data, size);
  Buffer out;
  Handshake handshake(kSettings, "fuzz");
  handshake.begin(kSettings.endpoints[0], out);
  MethodDecoder decoder;
  bool failed = false;
  while (!input.empty()) {
    size_t high = input.byte();
    auto method = split_method(input.take(high << 8 | input.byte()));
    if (auto decoded = decoder.decode(method.id, method.arguments))
      fuzz::require(*decoded && amqp_method_name(method.id));
    else
      fuzz::require(!decoded.error().text.empty());
    if (failed || handshake.stage() == Handshake::Stage::done) continue;
    auto stage = handshake.stage();
    auto taken = handshake.take(method.id, method.arguments, out);
    failed = !taken;
    fuzz::require(taken ? handshake.stage() > stage : !taken.error().text.empty());
  }
  constexpr size_t kSmallestFrame = 4096;
  if (handshake.stage() == Handshake::Stage::done) fuzz::require(handshake.agreed().frame_max >= kSmallestFrame);
  return 0;
}
