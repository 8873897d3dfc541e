// Every file in config/ is one that people copy: it must load, and say nothing.

#include <algorithm>

#include "loading.hpp"

namespace mombridge::config::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

std::vector<fs::path> samples() {
  std::vector<fs::path> files;
  for (auto& entry : fs::directory_iterator(SAMPLE_FOLDER))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

class Sample : public testing::TestWithParam<fs::path> {};

TEST_P(Sample, LoadsInSilence) {
  auto loaded = load_paths({{GetParam()}, false, {}}, SAMPLE_FOLDER);
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_THAT(loaded.config.brokers, testing::Not(IsEmpty()));
  EXPECT_THAT(loaded.config.routes, testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Files, Sample, testing::ValuesIn(samples()), [](auto& file) {
  auto name = file.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace mombridge::config::test
