#include "config/live_secret.hpp"

#include "config/files.hpp"
#include "config/yaml_reader.hpp"
#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::HasSubstr;

TEST(LiveSecret, IsReadAnew) {
  Folder folder;
  auto file = folder.write("secret", "one\n");
  LiveSecret secret("${file:secret}", folder.path() / "c.yaml", Secret("one"));
  auto copy = secret;
  EXPECT_EQ(secret.read().value.reveal(), "one");
  folder.write("secret", "two\n");
  EXPECT_EQ(secret.read().value.reveal(), "two");
  EXPECT_EQ(secret.read().warning, "");
  EXPECT_EQ(copy.read().value.reveal(), "two");
}

TEST(LiveSecret, TheLastOneHoldsWhileTheFileIsAwayOrEmpty) {
  Folder folder;
  auto file = folder.write("secret", "one");
  LiveSecret secret("a-${file:secret}", folder.path() / "c.yaml", Secret("a-one"));
  folder.write("secret", "two");
  EXPECT_EQ(secret.read().value.reveal(), "a-two");
  std::filesystem::remove(file);
  auto away = secret.read();
  EXPECT_EQ(away.value.reveal(), "a-two");
  EXPECT_THAT(away.warning, HasSubstr("secret: No such file or directory; the value from before is used"));
  EXPECT_THAT(away.warning, testing::Not(HasSubstr("two")));
  LiveSecret whole("${file:secret}", folder.path() / "c.yaml", Secret("two"));
  folder.write("secret", "");
  EXPECT_EQ(whole.read().value.reveal(), "two");
  EXPECT_THAT(whole.read().warning, HasSubstr("${file:secret} stands for is empty now"));
  folder.write("secret", "three");
  EXPECT_EQ(whole.read().value.reveal(), "three");
}

TEST(LiveSecret, MayBeFixedOrEmpty) {
  LiveSecret fixed = Secret("${file:not-read}");
  EXPECT_EQ(fixed.read().value.reveal(), "${file:not-read}");
  EXPECT_FALSE(fixed.empty());
  EXPECT_TRUE(LiveSecret().empty());
  EXPECT_TRUE(LiveSecret().read().value.empty());
}

TEST(LiveSecret, IsMadeByItsSection) {
  Folder folder;
  folder.write("secret", "one");
  Node map;
  map.kind = Node::Kind::map;
  auto add = [&](const std::string& key, const std::string& text) {
    Node value;
    value.kind = Node::Kind::scalar;
    value.text = text;
    value.mark.file = folder.path() / "c.yaml";
    map.entries.push_back({key, {}, value});
  };
  add("live", "${file:secret}");
  add("plain", "$${plain}");
  Diagnostics diagnostics;
  expand(map, "", true, diagnostics);
  Section section(map, "", diagnostics);
  LiveSecret live, plain;
  EXPECT_TRUE(section.secret("live", live));
  EXPECT_TRUE(section.secret("plain", plain));
  EXPECT_FALSE(section.secret("absent", plain));
  folder.write("secret", "two");
  EXPECT_EQ(live.read().value.reveal(), "two");
  EXPECT_EQ(plain.read().value.reveal(), "${plain}");
}

}  // namespace
}  // namespace mombridge::config::test
