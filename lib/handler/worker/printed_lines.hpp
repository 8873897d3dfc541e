#pragma once
// What a plugin in a worker process prints, cut into lines.

#include <string>
#include <string_view>

#include "handler/plugin_log.hpp"

namespace mombridge::handler::worker {

/// [one thread]
class PrintedLines {
 public:
  /// `log` outlives this.
  explicit PrintedLines(PluginLog& log) : log_(log) {}

  /// Bytes of its standard output and error.
  void add(std::string_view bytes);
  /// What has no end yet is a line now, because nothing follows.
  void end();

 private:
  PluginLog& log_;
  std::string unfinished_;
};

}  // namespace mombridge::handler::worker
