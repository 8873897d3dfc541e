#include <memory>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/event_loop.hpp"

namespace mombridge {
namespace {

Fd readable() { return Fd(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)); }

TEST(EventLoopFd, ReportsUntilWhatIsThereWasRead) {
  EventLoop loop("test");
  Fd fd = readable();
  int calls = 0;
  loop.watch(fd.get(), EPOLLIN, [&](uint32_t events) {
    EXPECT_TRUE(events & EPOLLIN);
    if (++calls < 3) return;  // level-triggered: not reading means being told again
    uint64_t count;
    ASSERT_EQ(::read(fd.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    loop.after(10ms, [&] { loop.quit(); });
  });
  loop.run();
  EXPECT_EQ(calls, 3);
}

TEST(EventLoopFd, ModifyChangesWhatIsReported) {
  EventLoop loop("test");
  Fd fd = readable();
  uint32_t seen = 0;
  loop.watch(fd.get(), 0, [&](uint32_t events) {
    seen |= events;
    loop.quit();
  });
  loop.after(5ms, [&] {
    EXPECT_EQ(seen, 0u) << "nothing was asked for yet";
    loop.modify(fd.get(), EPOLLOUT);
  });
  loop.run();
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLOUT));
}

TEST(EventLoopFd, ACallbackMayUnwatchItself) {
  EventLoop loop("test");
  Fd fd = readable();
  int calls = 0;
  auto alive = std::make_shared<int>(7);
  loop.watch(fd.get(), EPOLLIN, [&, alive](uint32_t) {
    ++calls;
    loop.unwatch(fd.get());
    EXPECT_EQ(*alive, 7) << "what the callback holds must live until it returns";
    loop.after(10ms, [&] { loop.quit(); });
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

// Both are ready, so one batch reports both; whichever comes first removes the other.
TEST(EventLoopFd, ACallbackMayUnwatchAnotherOfTheSameBatch) {
  EventLoop loop("test");
  Fd a = readable(), b = readable();
  int calls = 0;
  auto remove_both = [&](uint32_t) {
    ++calls;
    loop.unwatch(a.get());
    loop.unwatch(b.get());
    loop.after(10ms, [&] { loop.quit(); });
  };
  loop.watch(a.get(), EPOLLIN, remove_both);
  loop.watch(b.get(), EPOLLIN, remove_both);
  loop.run();
  EXPECT_EQ(calls, 1);
}

// The number of a descriptor that was closed goes to the next one that is opened: an event of the old one, in a batch
// that is being served, must not reach the new one's callback.
TEST(EventLoopFd, AnEventOfAClosedDescriptorDoesNotReachItsSuccessor) {
  EventLoop loop("test");
  Fd a = readable(), b = readable();
  int first_calls = 0, successor_calls = 0;
  auto replace = [&](Fd& other) {
    ++first_calls;
    int number = other.get();
    loop.unwatch(number);
    other.reset();
    other = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));  // not readable
    ASSERT_EQ(other.get(), number);
    loop.watch(number, EPOLLIN, [&](uint32_t) { ++successor_calls; });
    loop.after(10ms, [&] { loop.quit(); });
  };
  loop.watch(a.get(), EPOLLIN, [&](uint32_t) {
    loop.unwatch(a.get());
    replace(b);
  });
  loop.watch(b.get(), EPOLLIN, [&](uint32_t) {
    loop.unwatch(b.get());
    replace(a);
  });
  loop.run();
  EXPECT_EQ(first_calls, 1);
  EXPECT_EQ(successor_calls, 0);
}

TEST(EventLoopFd, UnwatchingWhatIsNotWatchedIsIgnored) {
  EventLoop loop("test");
  Fd fd = readable();
  loop.unwatch(fd.get());
  loop.watch(fd.get(), EPOLLIN, [](uint32_t) {});
  loop.unwatch(fd.get());
  loop.unwatch(fd.get());
}

TEST(EventLoopFd, AHangUpIsReportedThoughNobodyAskedForIt) {
  EventLoop loop("test");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Fd in(ends[0]), out(ends[1]);
  uint32_t seen = 0;
  loop.watch(in.get(), EPOLLIN, [&](uint32_t events) {
    seen = events;
    loop.quit();
  });
  out.reset();
  loop.run();
  EXPECT_TRUE(seen & EPOLLHUP);
}

}  // namespace
}  // namespace mombridge
