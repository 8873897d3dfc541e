#pragma once
// Loading from texts, with what their parts say.

#include "config/written.hpp"
#include "loading.hpp"

namespace mombridge::config::test {

struct LoadedParts {
  Config config;
  Written written;
  std::vector<std::string> errors;
};

/// As load_paths() in loading.hpp.
inline LoadedParts load_parts(const std::filesystem::path& file, bool environment) {
  Diagnostics diagnostics;
  LoadedParts loaded;
  loaded.config = load({{file}, environment, {}}, kinds(), diagnostics, loaded.written);
  for (auto& d : diagnostics.sorted())
    if (d.severity == Diagnostic::Severity::error) loaded.errors.push_back(d.text());
  return loaded;
}

/// As `-c` with one file of this text, which has no errors.
inline LoadedParts load_parts(const std::string& text) {
  Folder folder;
  auto loaded = load_parts(folder.write("c.yaml", text), false);
  EXPECT_THAT(loaded.errors, testing::IsEmpty());
  return loaded;
}

}  // namespace mombridge::config::test
