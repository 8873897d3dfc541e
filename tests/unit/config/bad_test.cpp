// Every file in bad/ says in its first lines what is wrong with it:
//   # expect: 7:5: error: brokers.shop: unknown key 'prefech_count' (did you mean 'prefetch_count'?)
// in the order of the places. To see what a changed program says: MOMBRIDGE_SHOW=1 config_test --gtest_filter='*Bad*'

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "loading.hpp"

namespace mombridge::config::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSecret = "s3cr3t-value";

std::vector<std::string> bad_files() {
  std::vector<std::string> names;
  for (auto& entry : fs::directory_iterator(BAD_FOLDER)) names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> expected(const fs::path& file) {
  constexpr std::string_view kMark = "# expect: ";
  std::vector<std::string> lines;
  std::ifstream in(file, std::ios::binary);
  for (std::string line; std::getline(in, line) && line.starts_with(kMark);) lines.push_back(line.substr(kMark.size()));
  return lines;
}

class Bad : public testing::TestWithParam<std::string> {};

TEST_P(Bad, SaysWhatAndWhere) {
  ::setenv("MOMBRIDGE_TEST_SECRET", kSecret, 1);
  ::unsetenv("MOMBRIDGE_TEST_UNSET");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  // In a folder that nobody else may read, because the modes of a checkout are not the test's.
  Folder folder;
  auto file = folder.path() / (GetParam() + ".yaml");
  fs::copy_file(fs::path(BAD_FOLDER) / file.filename(), file);
  auto said = load_paths({{file}, true, {}}, folder.path()).said;
  auto name = file.filename().string() + ":";
  for (auto& line : said) {
    ASSERT_TRUE(line.starts_with(name)) << line;
    line.erase(0, name.size());
    EXPECT_THAT(line, testing::Not(testing::HasSubstr(kSecret)));
    EXPECT_THAT(line, testing::Not(testing::HasSubstr("hunter2")));
    if (std::getenv("MOMBRIDGE_SHOW")) std::cout << "# expect: " << line << "\n";
  }
  EXPECT_THAT(said, testing::ElementsAreArray(expected(file)));
  EXPECT_THAT(said, testing::Contains(testing::HasSubstr(": error: ")));
}

// Nothing of it may crash where references are left alone.
TEST_P(Bad, LoadsWithoutEnvironment) {
  load_paths({{fs::path(BAD_FOLDER) / (GetParam() + ".yaml")}, false, {}}, BAD_FOLDER);
}

INSTANTIATE_TEST_SUITE_P(Files, Bad, testing::ValuesIn(bad_files()), [](auto& file) { return file.param; });

}  // namespace
}  // namespace mombridge::config::test
