// What a socket brings, cut into frames: the cuts between reads change nothing, and bytes that are no frames are
// refused. Input: a byte that says how much comes with each read, a byte of flags, then the stream.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "broker/amqp/frame_reader.hpp"
#include "support.hpp"

using namespace mombridge;        // NOLINT(google-build-using-namespace)
using namespace mombridge::amqp;  // NOLINT(google-build-using-namespace)

namespace {

constexpr uint8_t kBody = 3;

struct Read {
  std::vector<std::string> frames;
  bool broken = false;
  std::string rest;

  bool operator==(const Read&) const = default;
};

Read read(std::string_view stream, size_t step, bool agreed) {
  FrameReader reader;
  reader.reset();
  constexpr size_t kSmallest = 4096;
  if (agreed) reader.agree(kSmallest);
  Read result;
  while (!stream.empty() && !result.broken) {
    auto room = reader.room();
    fuzz::require(!room.empty());
    auto piece = stream.substr(0, std::min(step, room.size()));
    std::memcpy(room.data(), piece.data(), piece.size());
    reader.received(piece.size());
    stream.remove_prefix(piece.size());
    Frame frame;
    auto got = FrameReader::Got::frame;
    while ((got = reader.next(frame)) == FrameReader::Got::frame) {
      auto begins = std::to_string(frame.type) + " " + std::to_string(frame.channel) + " ";
      // A large body frame is given in parts. So bodies count as one as long as nothing comes between them.
      if (frame.type == kBody && !result.frames.empty() && result.frames.back().starts_with(begins))
        result.frames.back() += frame.payload;
      else
        result.frames.push_back(begins + std::string(frame.payload));
    }
    result.broken = got == FrameReader::Got::broken;
    fuzz::require(result.broken != reader.error().empty());
  }
  // How much was given of a body whose frame has no end depends on the cuts.
  while (result.broken && !result.frames.empty() && result.frames.back().starts_with(std::to_string(kBody) + " "))
    result.frames.pop_back();
  if (!result.broken) result.rest = std::to_string(reader.body_ahead()) + std::string(reader.rest());
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  size_t step = input.byte() + size_t{1};
  bool agreed = input.byte() & 1;
  auto stream = input.rest();
  fuzz::require(read(stream, step, agreed) == read(stream, stream.size(), agreed));
  return 0;
}
