#include "base/thread.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <sysexits.h>
#include <thread>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "doubles/no_threads.hpp"

namespace mombridge {
namespace {

std::string own_name() {
  char name[16] = "";
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

TEST(Thread, RunsUnderItsName) {
  std::string seen, seen_long;
  auto thread = Thread::start("h:shop", [&] { seen = own_name(); });
  auto with_long_name = Thread::start("h:a-handler-of-a-long-name", [&] { seen_long = own_name(); });
  ASSERT_TRUE(thread && with_long_name);
  thread->join();
  with_long_name->join();
  EXPECT_EQ(seen, "h:shop");
  EXPECT_EQ(seen_long, "h:a-handler-of-");
}

TEST(Thread, IsJoinedWhenItIsDropped) {
  std::atomic<int> ended{0};
  auto slow = [&] {
    std::this_thread::sleep_for(20ms);
    ++ended;
  };
  {
    auto dropped = Thread::start("test", slow);
    ASSERT_TRUE(dropped);
  }
  EXPECT_EQ(ended, 1);
  auto replaced = Thread::start("test", slow), other = Thread::start("test", slow);
  ASSERT_TRUE(replaced && other);
  *replaced = std::move(*other);
  EXPECT_GE(ended, 2);
  replaced->join();
  EXPECT_EQ(ended, 3);
  EXPECT_FALSE(*replaced);
  replaced->join();
}

TEST(Thread, DetachedGoesOnAlone) {
  std::promise<void> release;
  auto ended = std::make_shared<std::promise<void>>();  // shared, because the thread may still be in it after the test
  auto end = ended->get_future();
  auto thread = Thread::start("test", [ended, released = release.get_future().share()] {
    released.wait();
    ended->set_value();
  });
  ASSERT_TRUE(thread);
  thread->detach();
  EXPECT_FALSE(*thread);
  release.set_value();
  EXPECT_EQ(end.wait_for(20s), std::future_status::ready);
}

// What a thread keeps alive may own that very thread.
TEST(Thread, MayBeTheLastToDropItself) {
  struct Owner {
    Thread thread;
    std::promise<void> gone;
    ~Owner() { gone.set_value(); }
  };
  auto owner = std::make_shared<Owner>();
  auto gone = owner->gone.get_future();
  std::promise<void> release;
  auto thread = Thread::start("test", [owner, released = release.get_future().share()] { released.wait(); });
  ASSERT_TRUE(thread);
  owner->thread = std::move(*thread);
  owner.reset();
  release.set_value();
  EXPECT_EQ(gone.wait_for(20s), std::future_status::ready);
}

TEST(Thread, ThatCannotBeMadeIsAnError) {
  bool ran = false;
  {
    test::NoThreads none;
    auto thread = Thread::start("h:shop", [&] { ran = true; });
    ASSERT_FALSE(thread);
    EXPECT_EQ(thread.error().text, "cannot make thread 'h:shop': Resource temporarily unavailable");
  }
  EXPECT_FALSE(ran);
  EXPECT_TRUE(Thread::start("h:shop", [] {})) << "a thread could be made again";
}

TEST(Thread, ForWhichNobodyWaits) {
  auto ended = std::make_shared<std::promise<std::string>>();
  auto end = ended->get_future();
  ASSERT_TRUE(start_detached("alone", [ended] { ended->set_value(own_name()); }));
  ASSERT_EQ(end.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(end.get(), "alone");
  test::NoThreads none;
  EXPECT_FALSE(start_detached("alone", [] { ADD_FAILURE() << "it ran"; }));
}

TEST(ThreadDeathTest, AnExceptionInItEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto ends = [](Thread::Entry entry) {
    if (auto thread = Thread::start("h:shop", std::move(entry))) thread->join();
  };
  EXPECT_EXIT(ends([] { throw std::runtime_error("out of luck"); }), testing::ExitedWithCode(EX_SOFTWARE),
              "a thread ended with an exception.*thread=h:shop.*out of luck");
  EXPECT_EXIT(ends([] { throw 5; }), testing::ExitedWithCode(EX_SOFTWARE), "thread=h:shop.*unknown type");
}

TEST(RunAll, ReturnsWhenAllHaveEnded) {
  std::atomic<int> inside{0}, ended{0};
  // Each waits for the other, so they must run at the same time.
  auto task = [&] {
    ++inside;
    auto deadline = Clock::now() + 20s;
    while (inside < 2 && Clock::now() < deadline) std::this_thread::yield();
    ended += inside == 2;
  };
  run_all("test", {task, task});
  EXPECT_EQ(ended, 2);
  run_all("test", {});
}

TEST(RunAll, RunsHereWhatNoThreadCanBeMadeFor) {
  std::vector<std::thread::id> seen;
  auto task = [&] { seen.push_back(std::this_thread::get_id()); };
  test::NoThreads none;
  run_all("test", {task, task});
  EXPECT_EQ(seen, std::vector(2, std::this_thread::get_id()));
}

}  // namespace
}  // namespace mombridge
