#include "handler/worker/hello.hpp"

#include "handler/worker/frames.hpp"

namespace mombridge::handler::worker {

namespace {

void write_all(FrameWriter& frame, const std::vector<std::string>& texts) {
  frame.number(static_cast<uint32_t>(texts.size()));
  for (auto& text : texts) frame.text(text);
}

void read_all(ByteReader& frame, std::vector<std::string>& texts) {
  auto count = frame.number<uint32_t>();
  texts.clear();
  while (count-- && frame.ok()) texts.emplace_back(frame.long_string());
}

}  // namespace

Hello Hello::of(const config::Handler& config) {
  return {config.name, config.plugin.value, config.concurrency, config.access, config.settings};
}

void Hello::write(FrameBuffer& out) const {
  FrameWriter frame(out, FrameType::hello);
  frame.text(name).text(plugin).number(uint32_t{threads}).octet(access.network);
  write_all(frame, access.read);
  write_all(frame, access.write);
  for (auto& [path, value] : settings) frame.text(path).text(value);
}

bool Hello::read(ByteReader frame) {
  name = frame.long_string();
  plugin = frame.long_string();
  threads = frame.number<uint32_t>();
  access.network = frame.octet() != 0;
  read_all(frame, access.read);
  read_all(frame, access.write);
  settings.clear();
  while (frame.ok() && !frame.at_end()) {
    auto path = frame.long_string();
    settings[std::string(path)] = frame.long_string();
  }
  return frame.ok();
}

}  // namespace mombridge::handler::worker
