#include "broker/kafka/empty_polls.hpp"

#include <dlfcn.h>
#include <poll.h>

#include <gtest/gtest.h>

namespace mombridge::kafka {
namespace {

constexpr int kForEver = -1;

TEST(EmptyPolls, APollWaitsAsItsCallerAsks) {
  EmptyPolls polls;
  for (int asked : {0, 5, kForEver}) EXPECT_EQ(polls.wait(asked), asked);
}

TEST(EmptyPolls, TheSecondInARowThatFindsNothingWaits) {
  EmptyPolls polls;
  polls.polled(0, 0);
  EXPECT_EQ(polls.wait(0), EmptyPolls::kWaitMs);
  polls.polled(0, 0);
  EXPECT_EQ(polls.wait(0), EmptyPolls::kWaitMs) << "and so do all until one finds something";
}

TEST(EmptyPolls, WhoAsksForAWaitGetsThatOne) {
  EmptyPolls polls;
  polls.polled(0, 0);
  EXPECT_EQ(polls.wait(5), 5);
  EXPECT_EQ(polls.wait(kForEver), kForEver);
}

TEST(EmptyPolls, WhatWasFoundIsFollowedByAPollWithoutAWait) {
  EmptyPolls polls;
  polls.polled(0, 0);
  polls.polled(0, 1);
  EXPECT_EQ(polls.wait(0), 0);
}

TEST(EmptyPolls, AWaitThatFoundNothingIsNoEmptyPoll) {
  EmptyPolls polls;
  polls.polled(0, 0);
  polls.polled(5, 0);
  EXPECT_EQ(polls.wait(0), 0);
}

TEST(EmptyPolls, AFailureIsNoEmptyPoll) {
  EmptyPolls polls;
  polls.polled(0, -1);
  EXPECT_EQ(polls.wait(0), 0);
}

TEST(EmptyPolls, AThreadThatSpeaksWithABrokerWaits) {
  let_polls_wait();
  auto before = waited_polls();
  std::thread([] {
    pthread_setname_np(pthread_self(), "rdk:broker1");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(::poll(nullptr, 0, 0), 0);
  }).join();
  EXPECT_EQ(waited_polls(), before + 9) << "all but the first";
}

// What a library gets that calls poll(): under each of the two names it must be this program's.
TEST(EmptyPolls, LibrariesCallThePollOfThisProgram) {
  Dl_info own{}, found{};
  ASSERT_TRUE(dladdr(reinterpret_cast<void*>(&let_polls_wait), &own));
  for (auto* name : {"poll", "__poll_chk"}) {
    auto* function = dlsym(RTLD_DEFAULT, name);
    ASSERT_TRUE(function) << name;
    ASSERT_TRUE(dladdr(function, &found)) << name;
    EXPECT_EQ(found.dli_fbase, own.dli_fbase) << name << " is that of " << found.dli_fname;
  }
}

TEST(EmptyPolls, ThreadsThatAreNotTheClientsPollAsEver) {
  let_polls_wait();
  auto before = waited_polls();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(::poll(nullptr, 0, 0), 0);
  EXPECT_EQ(waited_polls(), before);
  pollfd closed{.fd = kForEver, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&closed, 1, 1), 0);
}

}  // namespace
}  // namespace mombridge::kafka
