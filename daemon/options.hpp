#pragma once
// What the command line says.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mombridge {

struct Options {
  std::vector<std::filesystem::path> config;  ///< empty: $MOMBRIDGE_CONFIG, else /etc/mombridge
  bool environment = true;
  bool connect = false;                      ///< check: ask the brokers, too
  std::vector<std::filesystem::path> cases;  ///< test: files
  std::string broker, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string key, content_type;
  std::optional<std::string> body, exchange;  ///< without a body: standard input
  std::string timeout = "2s";
  bool verbose = false;
  bool json = false, quiet = false;  ///< status: how it is shown
};

}  // namespace mombridge
