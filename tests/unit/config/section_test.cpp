// The typed reader by itself.

#include "config/yaml_reader.hpp"
#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  Node root;
  Diagnostics diagnostics;
  explicit Read(const std::string& text) { EXPECT_TRUE(parse("c.yaml", text, root, diagnostics)); }
  Section section() { return {root, "", diagnostics}; }
  std::vector<std::string> said() {
    std::vector<std::string> lines;
    for (auto& d : diagnostics.sorted()) lines.push_back(d.text());
    return lines;
  }
};

TEST(Section, ReadsEachType) {
  Read read(
      "s: text\ni: 42\nb: true\nd: 250ms\nz: 64KiB\nl: [a, b]\none: c\nc: right\nm: {k: v}\nn: {a: {x: 1}}\nq: "
      "\"7\"\n");
  {
    auto section = read.section();
    std::string text;
    uint16_t integer = 0, quoted = 0;
    bool flag = false;
    Duration duration{};
    uint64_t size = 0;
    enum class Side { left, right } side = Side::left;
    EXPECT_TRUE(section.string("s", text));
    EXPECT_TRUE(section.integer("i", integer));
    EXPECT_TRUE(section.integer("q", quoted));
    EXPECT_TRUE(section.flag("b", flag));
    EXPECT_TRUE(section.duration("d", duration));
    EXPECT_TRUE(section.size("z", size));
    EXPECT_TRUE(section.choice("c", side, {{"left", Side::left}, {"right", Side::right}}));
    EXPECT_EQ(text, "text");
    EXPECT_EQ(integer, 42);
    EXPECT_EQ(quoted, 7);
    EXPECT_TRUE(flag);
    EXPECT_EQ(duration, 250ms);
    EXPECT_EQ(size, 65536u);
    EXPECT_EQ(side, Side::right);
    EXPECT_EQ(section.strings("l").size(), 2u);
    EXPECT_EQ(section.strings("one").at(0).value, "c");
    EXPECT_EQ(section.pairs("m").at(0).second.value, "v");
    auto named = section.named_sections("n");
    uint32_t x = 0;
    EXPECT_TRUE(named.at(0).second.integer("x", x));
    EXPECT_EQ(named[0].first.mark.line, 10);
    EXPECT_EQ(named[0].first.mark.column, 5);
  }
  EXPECT_THAT(read.said(), IsEmpty());
}

TEST(Section, AbsentKeepsTheDefault) {
  Read read("a: 1\n");
  auto section = read.section();
  uint32_t value = 7;
  EXPECT_TRUE(section.has("a"));
  EXPECT_FALSE(section.integer("b", value));
  EXPECT_EQ(value, 7u);
  EXPECT_FALSE(section.section("c"));
  EXPECT_THAT(section.strings("d"), IsEmpty());
}

TEST(Section, MarksPointAtKeysValuesAndMaps) {
  Read read("outer:\n  number: many\n  strange: 1\n");
  {
    auto section = read.section();
    auto outer = section.section("outer");
    uint32_t number = 0;
    outer->integer("number", number, 1, 9);
    outer->require("absent", "say it");
  }
  EXPECT_THAT(read.said(), ElementsAre("c.yaml:2:3: error: outer: missing key 'absent' (say it)",
                                       "c.yaml:2:11: error: outer.number: 'many' is not a whole number (from 1 to 9)",
                                       "c.yaml:3:3: error: outer: unknown key 'strange'"));
}

TEST(Section, MovedSectionReportsOnce) {
  Read read("strange: 1\n");
  {
    auto first = read.section();
    auto second = std::move(first);
  }
  EXPECT_EQ(read.said().size(), 1u);
}

TEST(Section, NotSupportedYetOnlyWhenItIsOn) {
  Read read("a: false\nb: null\nc: in_process\nd: true\ne: {x: 1}\nf: \"\"\n");
  {
    auto section = read.section();
    for (auto* key : {"a", "b", "d", "e", "f", "absent"}) section.unsupported(key);
    section.unsupported("c", "in_process");
  }
  EXPECT_EQ(read.said().size(), 3u);
}

TEST(Section, ScalarsKnowTheirQuotes) {
  Read read("a: null\nb: \"null\"\nc: ~\nd: 'x'\ne: |\n  x\nf: x\n");
  auto section = read.section();
  EXPECT_FALSE(section.has("a"));
  EXPECT_TRUE(section.has("b"));
  EXPECT_FALSE(section.has("c"));
  EXPECT_TRUE(section.scalar("d")->quoted);
  EXPECT_TRUE(section.scalar("e")->quoted);
  EXPECT_FALSE(section.scalar("f")->quoted);
}

}  // namespace
}  // namespace mombridge::config::test
