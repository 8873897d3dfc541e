#include "daemon/child_process.hpp"

#include <cstdlib>
#include <iostream>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/exit_codes.hpp"

namespace mombridge {
namespace {

using testing::IsEmpty;
using testing::StrEq;

struct Ended {
  int code;
  std::string said;
};

Ended run(const ChildProcess::Work& work) {
  std::ostringstream said;
  int code = ChildProcess().run("x.so", said, work);
  return {code, said.str()};
}

TEST(ChildProcess, ReturnsWhatTheWorkReturns) {
  auto parent = ::getpid();
  auto ended = run([&](ChildProcess&) { return ::getpid() == parent || ::getppid() != parent ? 1 : 42; });
  EXPECT_EQ(ended.code, 42);
  EXPECT_THAT(ended.said, IsEmpty());
}

TEST(ChildProcess, SaysTheSignalAndWhatWasDone) {
  auto ended = run([](ChildProcess& child) {
    child.doing("it was loaded", std::chrono::seconds(60));
    std::abort();
    return 0;
  });
  EXPECT_EQ(ended.code, kExitSoftware);
  EXPECT_THAT(ended.said, StrEq("mombridge: x.so crashed with SIGABRT (Aborted) while it was loaded\n"));
  EXPECT_THAT(run([](ChildProcess&) { return ::raise(SIGKILL); }).said,
              StrEq("mombridge: x.so crashed with SIGKILL (Killed)\n"));
}

TEST(ChildProcess, AnExitInTheWorkIsNoEnd) {
  auto ended = run([](ChildProcess& child) -> int {
    child.doing("it handled a message", std::chrono::seconds(60));
    std::_Exit(0);
  });
  EXPECT_EQ(ended.code, kExitSoftware);
  EXPECT_THAT(ended.said, StrEq("mombridge: x.so ended its process with exit code 0 while it handled a message\n"));
}

TEST(ChildProcess, KillsWhatDoesNotComeBack) {
  auto ended = run([](ChildProcess& child) {
    child.doing("it was started", std::chrono::milliseconds(1));
    for (;;) ::pause();
    return 0;
  });
  EXPECT_EQ(ended.code, kExitSoftware);
  EXPECT_THAT(ended.said, StrEq("mombridge: x.so did not come back in time while it was started\n"));
}

TEST(ChildProcess, AnExceptionOfTheWorkIsAnError) {
  EXPECT_EQ(run([](ChildProcess&) -> int { throw std::runtime_error("on purpose"); }).code, kExitSoftware);
}

}  // namespace
}  // namespace mombridge
