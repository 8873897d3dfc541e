// A plugin's publish-done callbacks: they run on a thread of the handler's own, whatever they do there.

#include "doubles/no_threads.hpp"
#include "handler/done_thread.hpp"
#include "running.hpp"

namespace mombridge::handler::test {
namespace {

/// A file that does not exist until the test says so.
class File {
 public:
  File() { std::filesystem::remove(path_); }
  ~File() { std::filesystem::remove(path_); }
  void make() const { std::ofstream(path_).flush(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("mombridge-done-" + std::to_string(::getpid()))).string();
};

config::Handler bad_done(const std::string& does, const std::string& until = {}) {
  return section("bad_done", {{"does", does}, {"until", until}});
}

// FakeBroker completes on its caller's thread, as a broker does on its own: an exception that came through would end
// the test.
TEST(Done, ThatThrowsIsABreach) {
  Running bridge(bad_done("throw"));
  auto before = count("handler_contract_breaches", "bad_done");
  for (int i = 0; i < 3; ++i) {
    TestCall call("x");
    bridge.call(call, "bad_done");
    EXPECT_EQ(call.wait().kind, Verdict::Kind::ok);
  }
  EXPECT_TRUE(eventually([&] { return count("handler_contract_breaches", "bad_done") == before + 3; }));
}

TEST(Done, ThatBlocksKeepsNobodyWaiting) {
  File until;
  Running bridge;
  bridge.load(bad_done("block", until.path()));
  bridge.load(section("good_publish", {{"broker", "shop"}, {"target", "out"}}));
  bridge.start();
  bridge.shop.keep();
  TestCall stuck("x"), other("y");
  bridge.call(stuck, "bad_done");
  ASSERT_TRUE(eventually([&] { return bridge.shop.sent_count() == 1; }));
  bridge.shop.complete();  // returns, though the callback does not
  bridge.call(other, "good_publish");
  ASSERT_TRUE(eventually([&] { return bridge.shop.sent_count() == 2; }));
  bridge.shop.complete();
  EXPECT_EQ(other.wait().kind, Verdict::Kind::ok);
  EXPECT_EQ(stuck.times, 0);
  until.make();
  EXPECT_EQ(stuck.wait().kind, Verdict::Kind::ok);
}

TEST(Done, ThatDoesNotComeBackIsLeftBehind) {
  File until;
  LeaksOnPurpose leaks;  // what is left behind keeps what it has
  Running bridge(bad_done("block", until.path()));
  TestCall call("x");
  bridge.call(call, "bad_done");
  ASSERT_TRUE(eventually([&] { return bridge.shop.sent_count() == 1; }));
  bridge.registry.stop();
  EXPECT_EQ(call.wait().kind, Verdict::Kind::retry);
  EXPECT_FALSE(bridge.registry.left_behind());
  bridge.registry.close(50ms);
  EXPECT_TRUE(bridge.registry.left_behind());
  EXPECT_EQ(call.times, 1);
}

TEST(Done, WhatIsLeftRunsBeforeItsThreadEnds) {
  Breaches breaches("h");
  DoneThread thread("h", breaches);
  ASSERT_TRUE(thread.ensure(nullptr));
  std::vector<std::string> seen;
  auto note = [](void* user, mombridge_status status, mombridge_slice error) {
    static_cast<std::vector<std::string>*>(user)->push_back(
        std::to_string(status) + std::string(static_cast<const char*>(error.data), error.size));
  };
  for (int i = 0; i < 100; ++i) thread.add({note, &seen, MOMBRIDGE_RETRY, std::to_string(i)});
  EXPECT_TRUE(thread.stop(60s));
  ASSERT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen.back(), "-199");
  thread.add({note, &seen, MOMBRIDGE_OK, " late"});  // a completion that comes after: exactly once holds for it too
  EXPECT_EQ(seen.back(), "0 late");
  EXPECT_FALSE(thread.ensure(nullptr));
}

TEST(Done, WithoutAThreadNothingIsPublished) {
  Breaches breaches("h");
  DoneThread thread("h", breaches);
  {
    mombridge::test::NoThreads none;
    EXPECT_FALSE(thread.ensure(nullptr));
  }
  EXPECT_TRUE(thread.ensure(nullptr)) << "a thread could be made again";
  EXPECT_TRUE(thread.stop(60s));
}

}  // namespace
}  // namespace mombridge::handler::test
