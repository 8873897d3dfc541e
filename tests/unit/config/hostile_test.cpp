// Files that are meant to hurt: each gives one clear line, soon, and within bounds.

#include <chrono>

#include "config/node.hpp"
#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string repeated(const std::string& text, size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

/// Loads within a generous time, and returns the one line that it gives.
std::string one_line(const std::string& text) {
  auto start = std::chrono::steady_clock::now();
  auto said = load_text(text).said;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  EXPECT_EQ(said.size(), 1u);
  auto line = said.empty() ? "" : said[0];
  EXPECT_LT(line.size(), 1000u);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

TEST(Hostile, DeepFlowLists) { EXPECT_THAT(one_line("a: " + repeated("[", 10'000)), HasSubstr("error: ")); }
TEST(Hostile, DeepFlowMaps) {
  EXPECT_THAT(one_line("a: " + repeated("{a: ", 10'000)), HasSubstr("nested deeper than 64"));
}
TEST(Hostile, DeepClosedFlow) {
  EXPECT_THAT(one_line("a: " + repeated("[", 10'000) + repeated("]", 10'000)), HasSubstr("nested deeper than 64"));
}
TEST(Hostile, DeepBlockLists) {
  EXPECT_THAT(one_line(repeated("- ", 10'000) + "a"), HasSubstr("nested deeper than 64"));
}
TEST(Hostile, DeepComplexKeys) { EXPECT_THAT(one_line(repeated("? ", 10'000) + "a"), HasSubstr("error: ")); }
TEST(Hostile, DeepKeysInFlow) { EXPECT_THAT(one_line(repeated("[? ", 10'000) + "a"), HasSubstr("error: ")); }
TEST(Hostile, DeepMixed) { EXPECT_THAT(one_line(repeated("[{", 10'000)), HasSubstr("error: ")); }

TEST(Hostile, DeepBlockMaps) {
  std::string text;
  for (size_t depth = 0; depth < 1000; ++depth) text += std::string(depth, ' ') + "a:\n";
  EXPECT_THAT(one_line(text), AllOf(HasSubstr("c.yaml:65:65: error: "), HasSubstr("nested deeper than 64")));
}

TEST(Hostile, ManyBrackets) { EXPECT_THAT(one_line(repeated("[", kLargestFile)), HasSubstr("error: ")); }

TEST(Hostile, AliasBomb) {
  std::string text = "l0: &l0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    auto last = "*l" + std::to_string(i - 1);
    text += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  EXPECT_THAT(one_line(text), HasSubstr("more than 200000 values"));
}

TEST(Hostile, AliasesDoNotStackDepth) {
  std::string text = "l0: &l0 [" + repeated("[", 20) + repeated("]", 20) + "]\n";
  for (int i = 1; i < 50; ++i)
    text += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " " + repeated("[", 20) + "*l" +
            std::to_string(i - 1) + repeated("]", 20) + "\n";
  EXPECT_THAT(one_line(text), HasSubstr("nested deeper than 64"));
}

TEST(Hostile, AliasesWork) {
  auto loaded = load_text("brokers: {a: &m {type: memory}, b: *m}\nroutes: [{from: {broker: a}, to: {broker: b}}]\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_TRUE(loaded.config.broker("b"));
}

TEST(Hostile, LargeFile) {
  EXPECT_THAT(one_line("# " + std::string(kLargestFile, 'x')), HasSubstr("larger than 4MiB"));
  EXPECT_THAT(
      one_line("version: " + std::string(kLargestFile - 100, 'x') + "\nbrokers: {a: {type: memory}}\nroutes: []\n"),
      HasSubstr("error: "));
}

TEST(Hostile, ManyKeys) {
  std::string text;
  for (int i = 0; i < 90'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  auto start = std::chrono::steady_clock::now();
  auto loaded = load_text(text);
#ifdef __SANITIZE_THREAD__
  EXPECT_LT(std::chrono::steady_clock::now() - start, 100s);
#else
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
#endif
  EXPECT_THAT(loaded.said.front(), HasSubstr("error: "));
}

TEST(Hostile, LongWords) {
  auto word = std::string(100'000, 'x');
  for (auto& text :
       {word + ": 1\nbrokers: {a: {type: memory}}\nroutes: []\n", "brokers: {a: {type: " + word + "}}\nroutes: []\n",
        "brokers: {" + word + ": {type: memory}}\nroutes: []\n"})
    EXPECT_THAT(load_text(text).said,
                testing::AllOf(Not(IsEmpty()),
                               testing::Each(AllOf(HasSubstr("error: "), testing::SizeIs(testing::Lt(1000u))))));
}

TEST(Hostile, EveryPrefixAndEveryByte) {
  const std::string text =
      "brokers: &b\n  shop: {type: amqp, url: \"amqp://u:p@[::1]:5/v\", x: *b}\nroutes:\n- from: |\n   x\n  to: ['a', "
      "? b]\n";
  for (size_t length = 0; length <= text.size(); ++length)
    EXPECT_THAT(load_text(text.substr(0, length)).said, Not(IsEmpty()));
  for (size_t at = 0; at < text.size(); at += 3)
    for (char c :
         {'\0', '\t', '\n', ' ', '-', ':', '?', '[', '{', '}', '"', '\'', '&', '*', '!', '|', '%', '#', '$', '\xff'}) {
      auto changed = text;
      changed[at] = c;
      EXPECT_THAT(load_text(changed).said, Not(IsEmpty()));
    }
}

TEST(Hostile, Paths) {
  Folder folder;
  auto say = [&](const std::filesystem::path& path) { return load_paths({{path}, true, {}}, folder.path()).said; };
  EXPECT_THAT(say(folder.path() / "none.yaml"), ElementsAre("none.yaml:1:1: error: no such file or folder"));
  folder.write("empty/readme.txt", "");
  EXPECT_THAT(say(folder.path() / "empty"), ElementsAre("empty:1:1: error: no *.yaml in this folder"));
  folder.write("yml/a.yml", "");
  EXPECT_THAT(say(folder.path() / "yml"),
              ElementsAre("yml:1:1: error: no *.yaml in this folder (*.yml is not read: rename it)"));
  EXPECT_THAT(say(folder.write("file", "") / "below"), ElementsAre(HasSubstr("error: ")));
  folder.write("nested/a.yaml/b", "");
  EXPECT_THAT(say(folder.path() / "nested"), ElementsAre(HasSubstr("nested/a.yaml:1:1: error: ")));
  EXPECT_THAT(say("/dev/zero"), ElementsAre(HasSubstr("error: ")));
  EXPECT_THAT(load_paths({{}, true, {}}, folder.path()).said, ElementsAre(HasSubstr("nothing is configured")));
}

}  // namespace
}  // namespace mombridge::config::test
