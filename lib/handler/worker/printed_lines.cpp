#include "handler/worker/printed_lines.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::handler::worker {

void PrintedLines::add(std::string_view bytes) {
  while (!bytes.empty()) {
    auto line_end = bytes.find('\n');
    auto piece = bytes.substr(0, std::min(line_end, PluginLog::kLongestLine - unfinished_.size()));
    unfinished_ += piece;
    bytes.remove_prefix(piece.size());
    bool ends = bytes.starts_with('\n');
    if (ends) bytes.remove_prefix(1);
    if (ends || unfinished_.size() >= PluginLog::kLongestLine) end();
  }
}

void PrintedLines::end() {
  auto text = std::exchange(unfinished_, {});
  if (!text.empty()) log_.printed(text);
}

}  // namespace mombridge::handler::worker
