// create, start, stop, destroy; and the entry function that the macro writes.
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/handler.hpp"
#include "mombridge/testing.hpp"

namespace mombridge::sdk {

// Notes what happens to it, and fails where its configuration says so.
class Noting : public Handler {
 public:
  explicit Noting(Host host) : Handler(host) {
    if (fail_at("create")) throw std::runtime_error("create failed");
    note("create");
  }
  ~Noting() override { note("destroy"); }
  void start() override {
    note("start");
    if (fail_at("start")) throw 42;
  }
  void handle(const MessageView&, Request& request) override { request.reply(config().get("name", "?")); }
  void stop() override {
    note("stop");
    if (fail_at("stop")) throw std::runtime_error("stop failed");
  }

  static inline std::vector<std::string> notes;

 private:
  bool fail_at(std::string_view step) const { return config().get("fail", "") == step; }
  static void note(const char* step) { notes.emplace_back(step); }
};

}  // namespace mombridge::sdk

using mombridge::sdk::Noting;
MOMBRIDGE_HANDLER(Noting, "noting", "2.5", MOMBRIDGE_HANDLER_SERIAL);

namespace mombridge::sdk {
namespace {

using ::testing::ElementsAre;
using testing::FakeHost;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

class LifecycleTest : public ::testing::Test {
 protected:
  LifecycleTest() { Noting::notes.clear(); }
};

TEST_F(LifecycleTest, TheEntryFunctionTellsWhatThePluginIs) {
  const mombridge_handler* table = mombridge_handler_entry(MOMBRIDGE_ABI_MAJOR, 99);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->struct_size, sizeof(mombridge_handler));
  EXPECT_STREQ(table->name, "noting");
  EXPECT_STREQ(table->version, "2.5");
  EXPECT_EQ(table->flags, MOMBRIDGE_HANDLER_SERIAL);
  EXPECT_EQ(mombridge_handler_entry(MOMBRIDGE_ABI_MAJOR + 1, 0), nullptr);
}

TEST_F(LifecycleTest, RunsInOrder) {
  FakeHost(mombridge_handler_entry).start();
  EXPECT_THAT(Noting::notes, ElementsAre("create", "start", "stop", "destroy"));
}

TEST_F(LifecycleTest, CheckCreatesAndDestroysOnly) {
  FakeHost(mombridge_handler_entry).create();
  EXPECT_THAT(Noting::notes, ElementsAre("create", "destroy"));
}

TEST_F(LifecycleTest, InstancesOfOnePluginAreApart) {
  FakeHost one(mombridge_handler_entry);
  FakeHost two(mombridge_handler_entry);
  one.config("name", "one").start();
  two.config("name", "two").start();
  EXPECT_EQ(one.request({})->reply->body, "one");
  EXPECT_EQ(two.request({})->reply->body, "two");
}

TEST_F(LifecycleTest, AThrowInTheConstructorIsAnErrorText) {
  FakeHost bridge(mombridge_handler_entry);
  bridge.config("fail", "create");
  EXPECT_THAT([&] { bridge.create(); }, ThrowsMessage<std::runtime_error>(StrEq("create failed")));
  EXPECT_THAT(Noting::notes, IsEmpty());
}

TEST_F(LifecycleTest, AThrowInStartIsAnErrorTextAndStopIsNotCalled) {
  {
    FakeHost bridge(mombridge_handler_entry);
    bridge.config("fail", "start");
    EXPECT_THROW(bridge.start(), std::runtime_error);
  }
  EXPECT_THAT(Noting::notes, ElementsAre("create", "start", "destroy"));
}

TEST_F(LifecycleTest, AThrowInStopIsLogged) {
  FakeHost bridge(mombridge_handler_entry);
  bridge.config("fail", "stop").start().stop();
  ASSERT_THAT(bridge.logs(), SizeIs(1));
  EXPECT_EQ(bridge.logs()[0].text, "stop failed");
}

TEST_F(LifecycleTest, ErrorTextsAreCutToTheirBuffer) {
  char buffer[6];
  detail::write_error(buffer, sizeof buffer, "much too long");
  EXPECT_STREQ(buffer, "much ");
  detail::write_error(nullptr, 0, "ignored");
}

}  // namespace
}  // namespace mombridge::sdk
