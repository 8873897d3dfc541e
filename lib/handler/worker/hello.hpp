#pragma once
// The first frame: what a worker process needs to know of its handler.

#include <map>
#include <string>

#include "base/byte_reader.hpp"
#include "config/config.hpp"
#include "handler/worker/frame_buffer.hpp"

namespace mombridge::handler::worker {

struct Hello {
  std::string name, plugin;
  unsigned threads = 1;
  config::HandlerAccess access;
  std::map<std::string, std::string> settings;

  static Hello of(const config::Handler& config);
  /// Adds the frame.
  void write(FrameBuffer& out) const;
  /// False: the frame is broken.
  [[nodiscard]] bool read(ByteReader frame);
};

}  // namespace mombridge::handler::worker
