#include "handler/workers.hpp"

#include "doubles/no_threads.hpp"
#include "running.hpp"

namespace mombridge::handler::test {
namespace {

TEST(Workers, RunCallsInTheirOrder) {
  Workers workers;
  std::string order;
  std::atomic<int> ran{0};
  bool last = false;
  auto work = [&](Call& call) {
    order += call.message->body;
    ++ran;
  };
  ASSERT_TRUE(workers.start("test", 1, work, [&] { last = true; }));
  TestCall a("a"), b("b"), c("c");
  for (auto* call : {&a, &b, &c}) EXPECT_TRUE(workers.add(*call));
  EXPECT_TRUE(eventually([&] { return ran == 3; }));
  EXPECT_TRUE(workers.stop_taking().empty());
  EXPECT_TRUE(workers.join(60s));
  EXPECT_EQ(order, "abc");
  EXPECT_TRUE(last);
}

TEST(Workers, GiveBackWhatWaits) {
  Workers workers;
  std::atomic<bool> inside{false}, leave{false};
  ASSERT_TRUE(workers.start(
      "test", 1,
      [&](Call&) {
        inside = true;
        EXPECT_TRUE(eventually([&] { return leave.load(); }));
      },
      [] {}));
  TestCall running("a"), waiting("b"), late("c");
  EXPECT_TRUE(workers.add(running));
  ASSERT_TRUE(eventually([&] { return inside.load(); }));
  EXPECT_TRUE(workers.add(waiting));
  EXPECT_THAT(workers.stop_taking(), testing::ElementsAre(&waiting));
  EXPECT_FALSE(workers.add(late));
  leave = true;
  EXPECT_TRUE(workers.join(60s));
}

TEST(Workers, LeaveBehindWhatDoesNotComeBack) {
  // Shared with the thread, which goes on when the test has ended.
  struct State {
    Workers workers;
    std::atomic<bool> inside{false}, leave{false}, ended{false};
  };
  auto state = std::make_shared<State>();
  auto work = [state](Call&) {
    state->inside = true;
    EXPECT_TRUE(eventually([&] { return state->leave.load(); }));
  };
  ASSERT_TRUE(state->workers.start("test", 1, work, [state] { state->ended = true; }));
  TestCall call("a");
  EXPECT_TRUE(state->workers.add(call));
  ASSERT_TRUE(eventually([&] { return state->inside.load(); }));
  EXPECT_TRUE(state->workers.stop_taking().empty());
  EXPECT_FALSE(state->workers.join(10ms));
  EXPECT_EQ(state->workers.size(), 0u);
  state->leave = true;
  EXPECT_TRUE(eventually([&] { return state->ended.load(); }));
}

TEST(Workers, TheLastOfSeveralEndsThePlugin) {
  Workers workers;
  std::atomic<int> lasts{0};
  ASSERT_TRUE(workers.start(
      "test", 4, [](Call&) {}, [&] { ++lasts; }));
  EXPECT_EQ(workers.size(), 4u);
  EXPECT_TRUE(workers.stop_taking().empty());
  EXPECT_TRUE(workers.join(60s));
  EXPECT_EQ(lasts, 1);
}

TEST(Workers, ThatCannotBeMade) {
  Workers workers;
  mombridge::test::NoThreads none;
  auto started = workers.start(
      "test", 2, [](Call&) {}, [] {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text, testing::StartsWith("number 1 of 2: cannot make thread 'test': "));
  EXPECT_EQ(workers.size(), 0u);
}

}  // namespace
}  // namespace mombridge::handler::test
