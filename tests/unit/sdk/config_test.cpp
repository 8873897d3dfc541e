#include "mombridge/sdk/config.hpp"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/handler.hpp"
#include "mombridge/testing.hpp"

namespace mombridge::sdk {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

// What the next instance does with its configuration, in its constructor as handlers do.
struct Reader {
  static inline void (*read)(const Config&) = nullptr;
};
class ReadsConfig : public Handler {
 public:
  explicit ReadsConfig(Host host) : Handler(host) { Reader::read(config()); }
  void handle(const MessageView&, Request& request) override { request.done(); }
};
void read_with(std::initializer_list<std::pair<std::string, std::string>> values, void (*read)(const Config&)) {
  FakeHost bridge(make_table<ReadsConfig>("reads_config", "1"));
  for (const auto& [path, value] : values) bridge.config(path, value);
  Reader::read = read;
  bridge.create();
}

TEST(Config, GivesWhatIsThereElseTheFallback) {
  read_with({{"text", "abc"}, {"n", "-7"}, {"x", "2.5"}, {"on", "true"}, {"db.path", "/srv/x"}, {"empty", ""}},
            [](const Config& config) {
              EXPECT_EQ(config.get("text", "other"), "abc");
              EXPECT_EQ(config.get("n", 0), -7);
              EXPECT_EQ(config.get("x", 0.0), 2.5);
              EXPECT_TRUE(config.get("on", false));
              EXPECT_EQ(config.require("db.path"), "/srv/x");
              EXPECT_EQ(config.require<int>("n"), -7);
              EXPECT_EQ(config.find("empty"), "");
              EXPECT_EQ(config.find("missing"), std::nullopt);
              EXPECT_EQ(config.get("missing", "other"), "other");
              EXPECT_EQ(config.get("missing", 3), 3);
            });
}

TEST(Config, ReadsDurationsWithTheirUnit) {
  read_with({{"a", "250ms"}, {"b", "10s"}, {"c", "5m"}, {"d", "1h"}}, [](const Config& config) {
    EXPECT_EQ(config.get("a", milliseconds(0)), milliseconds(250));
    EXPECT_EQ(config.get("b", milliseconds(0)), milliseconds(10'000));
    EXPECT_EQ(config.get("c", milliseconds(0)), milliseconds(300'000));
    EXPECT_EQ(config.require<milliseconds>("d"), milliseconds(3'600'000));
    EXPECT_EQ(config.get("missing", std::chrono::seconds(2)), milliseconds(2000));
  });
}

TEST(Config, ReadsLists) {
  read_with({{"hosts.0", "a"}, {"hosts.1", "b"}}, [](const Config& config) {
    EXPECT_THAT(config.list("hosts"), ElementsAre("a", "b"));
    EXPECT_THAT(config.list("missing"), IsEmpty());
  });
}

void expect_refused(const std::string& value, void (*read)(const Config&), const std::string& text) {
  EXPECT_THAT([&] { read_with({{"key", value}}, read); }, ThrowsMessage<std::runtime_error>(HasSubstr(text))) << value;
}

TEST(Config, NamesTheKeyAndTheValueThatDoNotFit) {
  const auto whole = [](const Config& config) { config.get("key", 0); };
  expect_refused("abc", whole, "config.key: expected a whole number, found 'abc'");
  expect_refused("1.5", whole, "expected a whole number");
  expect_refused("99999999999999999999", whole, "expected a smaller number");
  expect_refused(
      "-1", [](const Config& config) { config.get("key", 1u); }, "expected a whole number");
  expect_refused(
      "yes", [](const Config& config) { config.get("key", true); }, "expected true or false, found 'yes'");
  for (const char* value : {"10", "s", "-1s", "1d", "9223372036854775807h", ""}) {
    expect_refused(
        value, [](const Config& config) { config.get("key", milliseconds(0)); }, "expected a duration");
  }
  expect_refused(
      "x", [](const Config& config) { config.require("other"); }, "config: missing key 'other'");
}

}  // namespace
}  // namespace mombridge::sdk
