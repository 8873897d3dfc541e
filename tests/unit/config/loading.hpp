#pragma once
// Loading from texts, for the tests.

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "broker/amqp/config.hpp"
#include "broker/kafka/config.hpp"
#include "broker/memory/config.hpp"
#include "config/load.hpp"

namespace mombridge::config::test {

inline std::vector<KindReader> kinds() { return {amqp::reader(), kafka::reader(), memory::reader()}; }

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mombridge-config-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Loaded {
  Config config;
  std::vector<std::string> said;  ///< the diagnostics' texts, without the folder
};

inline Loaded load_paths(LoadOptions options, const std::filesystem::path& folder) {
  Diagnostics diagnostics;
  Loaded loaded{load(options, kinds(), diagnostics), {}};
  auto prefix = folder.string() + "/";
  for (auto& diagnostic : diagnostics.sorted()) {
    auto text = diagnostic.text();
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    loaded.said.push_back(text);
  }
  return loaded;
}

/// As `-c` with one file of this text.
inline Loaded load_text(const std::string& text, bool environment = true) {
  Folder folder;
  return load_paths({{folder.write("c.yaml", text)}, environment, {}}, folder.path());
}

/// Two brokers, so that a test can get to its point.
inline const std::string kBrokers =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n";

}  // namespace mombridge::config::test
