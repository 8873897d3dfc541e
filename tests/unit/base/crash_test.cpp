// What is left in the log by a process that a fault ends. Each case is a process of its own.

#include "base/crash.hpp"

#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>

#include "base/thread.hpp"

namespace mombridge::crash {
namespace {

/// A sanitizer that reports the fault ends the process in its own way.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr auto kEndsBy = [](int) { return [](int) { return true; }; };
#else
constexpr auto kEndsBy = [](int signal) { return testing::KilledBySignal(signal); };
#endif

volatile int* volatile nowhere = nullptr;
volatile int sink = 0;

int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? frame[0] : overflow(depth + 1) + frame[0];
}

void begin(log::Format format) {
  log::init(log::Level::info, format);
  install();
}

class CrashDeath : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashDeath, SaysWhatTheThreadDid) {
  EXPECT_EXIT(
      {
        begin(log::Format::json);
        Doing outer("something else", {});
        Doing doing("a plugin crashed", {{{"handler", "h"}, {"version", ""}, {"message_id", "a\"b\n\xff"}}});
        *nowhere = 1;
      },
      kEndsBy(SIGSEGV),
      testing::ContainsRegex("\\{\"time\":\"20[0-9-]+T[0-9:.]+Z\",\"level\":\"error\",\"msg\":\"a plugin crashed\","
                             "\"signal\":\"SIGSEGV\",\"thread\":\"[^\"]+\",\"handler\":\"h\","
                             "\"message_id\":\"a.u0022b.u000a.u00ff\"\\}"));
}

TEST_F(CrashDeath, AsTextAndForTheJournal) {
  auto crash = [](log::Format format) {
    begin(format);
    Doing doing("a plugin crashed", {{{"handler", "h"}}});
    std::abort();
  };
  EXPECT_EXIT(
      crash(log::Format::text), kEndsBy(SIGABRT),
      testing::ContainsRegex("[0-9:.]+ error a plugin crashed  signal=\"SIGABRT\"  thread=\"[^\"]+\"  handler=\"h\""));
  EXPECT_EXIT(crash(log::Format::journal), kEndsBy(SIGABRT), testing::ContainsRegex("<3>a plugin crashed  signal="));
}

TEST_F(CrashDeath, AlsoOfAFullStack) {
  EXPECT_EXIT(
      {
        begin(log::Format::text);
        auto thread = Thread::start("deep", [] {
          Doing doing("a plugin crashed", {});
          sink = overflow(0);
        });
        thread->join();
      },
      kEndsBy(SIGSEGV), "a plugin crashed  signal=\"SIGSEGV\"  thread=\"deep\"");
}

TEST_F(CrashDeath, OfWhoeverDidNothingNamed) {
  EXPECT_EXIT(
      {
        begin(log::Format::text);
        { Doing doing("a plugin crashed", {}); }
        std::raise(SIGBUS);
      },
      kEndsBy(SIGBUS), "the process crashed  signal=\"SIGBUS\"");
}

TEST_F(CrashDeath, CallsTheHookFirst) {
  EXPECT_EXIT(
      {
        log::init(log::Level::info, log::Format::text);
        install([](int signal) { ::dprintf(2, "hooked %d; ", signal); });
        std::raise(SIGFPE);
      },
      kEndsBy(SIGFPE), "hooked 8; .*the process crashed");
}

}  // namespace
}  // namespace mombridge::crash
