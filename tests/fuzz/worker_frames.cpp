// What a worker process writes to the bridge, which a broken plugin can have written, too: reading it must not crash,
// and a message that was read can be written and read again.

#include <cstring>

#include "handler/worker/frames.hpp"
#include "handler/worker/host_frames.hpp"
#include "support.hpp"

using namespace mombridge;                   // NOLINT(google-build-using-namespace)
using namespace mombridge::handler::worker;  // NOLINT(google-build-using-namespace)

namespace {

void write_again(const WireMessage& message) {
  if (!check_message(*message.get()) || message.get()->body.size >= kLargeBody) return;
  FrameBuffer out;
  { FrameWriter(out, FrameType::call).message(*message.get()); }
  ByteReader reader(out.view().substr(5));
  WireMessage again;
  BodyFiles none;
  fuzz::require(again.read(reader, none) && reader.at_end());
  fuzz::require(again.get()->header_count == message.get()->header_count);
  fuzz::require(again.get()->body.size == message.get()->body.size);
}

void take(const Frame& frame, HostFrames& host) {
  FrameBuffer answers;
  WireResult result;
  BodyFiles none;
  ByteReader reader(frame.fields);
  if (frame.type == FrameType::result && result.read(reader, none)) {
    if (result.reply) write_again(*result.reply);
    (void)host.verdict(result);
  }
  // Lines of log are left out, because writing them is all that there is to it.
  if (frame.type != FrameType::log && frame.type != FrameType::breach) (void)host.take(frame, none, answers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static HostFrames host("fuzzed", [] {});
  FrameStream stream;
  for (size_t at = 0; at < size;) {
    auto n = std::min<size_t>(size - at, 7);
    std::memcpy(stream.room(n), data + at, n);
    stream.arrived(n);
    at += n;
    for (;;) {
      auto frame = stream.next();
      if (!frame) return 0;
      if (!*frame) break;
      take(**frame, host);
    }
  }
  return 0;
}
