// Plugins in worker processes: what they do to their process costs one message, and nothing here.

#include <algorithm>
#include <dirent.h>
#include <set>
#include <signal.h>

#include "handler/worker/body_file.hpp"
#include "handler/worker/death.hpp"
#include "handler/worker/landlock.hpp"
#include "handler/worker/system_calls.hpp"
#include "running.hpp"

namespace mombridge::handler::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // then a crash and a huge allocation end the process in the sanitizer's own way
#else
constexpr bool kSanitized = false;
#endif

size_t open_descriptors() {
  size_t count = 0;
  auto* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

/// Processes whose parent is this one, zombies too.
size_t children() {
  std::set<std::string> all;
  for (auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream of_task(task.path() / "children");
    for (std::string pid; of_task >> pid;) all.insert(pid);
  }
  return all.size();
}

uint64_t restarts(const std::string& handler) { return worker_restarts().at({handler}).value(); }

/// A handler in a worker, and calls by their bodies.
class Worker {
 public:
  explicit Worker(const config::Handler& h) : bridge(h), name_(h.name) {}

  TestCall& call(const std::string& body) {
    auto& call = *calls_.emplace_back(std::make_unique<TestCall>(body));
    bridge.call(call, name_);
    return call;
  }
  Verdict& verdict(const std::string& body) { return call(body).wait(); }
  std::string reply(const std::string& body) { return call(body).reply(); }
  [[nodiscard]] WorkerStatus status() { return *bridge.registry.runners().front()->worker(); }

  std::vector<std::unique_ptr<TestCall>> calls_;  // outlive the handler
  Running bridge;

 private:
  std::string name_;
};

config::Handler bad_body(std::map<std::string, std::string> settings = {}) {
  return worker_section("bad_body", std::move(settings));
}

TEST(Worker, AnswersAsInProcess) {
  Worker worker(worker_section("good_sync"));
  auto& call = *worker.calls_.emplace_back(std::make_unique<TestCall>("x"));
  std::vector<Header> headers{{"a", Value::of("1")}, {"n", Value::of(int64_t{42})}};
  call.content.headers = headers;
  call.content.key = "";
  worker.bridge.call(call, "w_good_sync");
  EXPECT_EQ(call.reply(), "sync:x");
  auto& reply = call.verdict.reply->message;
  ASSERT_EQ(reply.headers.size(), 2u);
  EXPECT_EQ(reply.headers[1].value.kind, Value::Kind::i64) << "a copied header keeps its type";
  EXPECT_EQ(reply.key, "");
}

TEST(Worker, LargeBodiesPassWholeBothWays) {
  Worker worker(worker_section("good_sync"));
  EXPECT_EQ(worker.reply("warm"), "sync:warm");
  auto descriptors = open_descriptors();
  for (size_t size : {worker::kLargeBody - 1, worker::kLargeBody, size_t{1} << 20, size_t{20} << 20}) {
    std::string body(size, static_cast<char>('a' + size % 26));
    EXPECT_TRUE(worker.reply(body) == "sync:" + body) << size;
  }
  // More at once than the worker may have descriptors, because each is mapped when it comes.
  std::string body(worker::kLargeBody, 'x');
  for (int i = 0; i < 400; ++i) worker.call(body);
  for (auto& call : worker.calls_) EXPECT_EQ(call->wait().kind, Verdict::Kind::ok);
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= descriptors; })) << open_descriptors();
  EXPECT_EQ(worker.status().restarts, 0u);
}

// Their memory is used for one after the other.
TEST(Worker, ManyLargeBodiesAtOnceStayApart) {
  auto h = worker_section("good_sync");
  h.concurrency = 4;
  Worker worker(h);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < 100; ++i) bodies.emplace_back(worker::kLargeBody + 999 * i, static_cast<char>('a' + i % 26));
  for (auto& body : bodies) worker.call(body);
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_TRUE(worker.calls_[i]->reply() == "sync:" + bodies[i]) << i;
}

TEST(Worker, ManyCallsAreAnsweredOnceEach) {
  auto h = worker_section("good_async", {{"delay", "1ms"}});
  h.concurrency = 4;
  Worker worker(h);
  for (int i = 0; i < 3000; ++i) worker.call(std::to_string(i));
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(worker.calls_[i]->reply(), "async:" + std::to_string(i));
  for (auto& call : worker.calls_) EXPECT_EQ(call->times, 1);
  EXPECT_EQ(worker.status().restarts, 0u);
}

TEST(Worker, PublishesCountsAndReportsBreaches) {
  {
    Worker worker(worker_section("good_publish", {{"broker", "shop"}, {"target", "out"}}));
    worker.bridge.shop.keep();
    auto& call = worker.call("hello");
    ASSERT_TRUE(eventually([&] { return worker.bridge.shop.sent_count() == 1; }));
    EXPECT_EQ(call.times, 0);
    EXPECT_EQ(worker.bridge.registry.unconfirmed(), 1u);
    worker.bridge.shop.complete(Outcome::refused("returned"));
    EXPECT_EQ(call.wait().kind, Verdict::Kind::reject);
    EXPECT_EQ(call.verdict.reason, "returned");
    EXPECT_EQ(worker.bridge.shop.sent()[0].target, "out");
  }
  {
    Worker worker(worker_section("good_publish", {{"broker", "nobody"}, {"target", "out"}}, "w_nobody"));
    EXPECT_EQ(worker.verdict("x").kind, Verdict::Kind::retry);
  }
  {
    auto before = count("handler_w_good_count", "messages");
    Worker worker(worker_section("good_count"));
    EXPECT_EQ(worker.reply("abc"), "(none)");
    EXPECT_TRUE(eventually([&] { return count("handler_w_good_count", "messages") == before + 1; }));
  }
  auto before = count("handler_contract_breaches", "w_bad_completes_twice");
  Worker worker(worker_section("bad_completes_twice"));
  EXPECT_EQ(worker.reply("x"), "first");
  EXPECT_TRUE(eventually([&] { return count("handler_contract_breaches", "w_bad_completes_twice") == before + 1; }));
}

TEST(Worker, WhatBreaksTheContractIsWhatItIsInProcess) {
  auto verdict = [](const std::string& plugin, const std::string& body = {}) {
    Worker worker(worker_section(plugin, {}, plugin));
    return std::move(worker.verdict(body));
  };
  EXPECT_EQ(verdict("bad_throws_int").kind, Verdict::Kind::retry);
  EXPECT_EQ(verdict("bad_returns_error", "-2").reason, "handler 'bad_returns_error' rejected the message");
  EXPECT_EQ(verdict("bad_returns_error", "42").reason, "handler 'bad_returns_error' returned an undefined status");
  EXPECT_EQ(verdict("bad_status", "1").reason, "the handler's result breaks the contract");
  EXPECT_EQ(verdict("bad_null_result").kind, Verdict::Kind::retry);
  EXPECT_EQ(verdict("bad_null_data").reason,
            "the handler's reply breaks the contract: a field of the message has a size and no data");
  EXPECT_EQ(verdict("bad_completes_unknown_id").kind, Verdict::Kind::ok);
  EXPECT_EQ(verdict("bad_returns_and_completes").kind, Verdict::Kind::ok);
}

TEST(Worker, RefusesWhatCannotBeLoaded) {
  EXPECT_EQ(load_error(worker_section("bad_major")),
            so("bad_major") + ": built for handler ABI 2.0, this bridge has 1.0");
  EXPECT_EQ(load_error(worker_section("bad_create_fails")),
            so("bad_create_fails") + ": create failed (invalid): no database at 'db.path'");
  EXPECT_EQ(load_error(bad_body({{"create", "kill"}})),
            so("bad_body") + ": the worker process that was to create it was killed by SIGKILL");
  EXPECT_EQ(load_error(bad_body({{"create", "exit7"}})),
            so("bad_body") + ": the worker process that was to create it ended with exit code 7");
  EXPECT_EQ(load_error(worker_section("bad_constructor")),
            so("bad_constructor") + ": the worker process that was to create it was killed by SIGABRT");
  EXPECT_EQ(load_error(bad_body()), "");
  EXPECT_EQ(children(), 0u) << "what was only loaded has ended";
}

TEST(Worker, ThrowsInEveryFunction) {
  auto raw = [](const std::string& function) {
    return worker_section("bad_throws_raw", {{"in", function}}, "w_throws_" + function);
  };
  auto breaches = [](const std::string& function) {
    return count("handler_contract_breaches", "w_throws_" + function);
  };
  EXPECT_THAT(load_error(raw("create")), HasSubstr("create failed (internal error)"));
  {
    Worker worker(raw("start"));
    EXPECT_TRUE(eventually([&] { return worker.status().restarts >= 2; }));
    EXPECT_THAT(worker.status().last_end, HasSubstr("start failed (internal error)"));
  }
  {
    Worker worker(raw("handle"));
    EXPECT_EQ(worker.verdict("x").reason, "handler 'w_throws_handle' returned internal error");
    EXPECT_TRUE(eventually([&] { return breaches("handle") == 1; }));
    EXPECT_EQ(worker.status().restarts, 0u);
  }
  for (std::string function : {"stop", "destroy"}) {
    {
      Worker worker(raw(function));
      EXPECT_EQ(worker.verdict("x").kind, Verdict::Kind::ok);
      worker.bridge.registry.stop();
      worker.bridge.registry.close();
    }
    EXPECT_EQ(breaches(function), 1u) << function;
  }
}

TEST(Worker, AnAnswerThatComesTooLateIsABreach) {
  auto h = worker_section("good_publish", {{"broker", "shop"}, {"target", "out"}}, "w_late_answer");
  h.timeout = 50ms;
  Worker worker(h);
  worker.bridge.shop.keep();
  auto& call = worker.call("x");
  EXPECT_EQ(call.wait().reason, "the handler did not answer in time");
  worker.bridge.shop.complete();
  EXPECT_TRUE(eventually([&] { return count("handler_contract_breaches", "w_late_answer") == 1; }));
  EXPECT_EQ(call.times, 1);
}

// A plugin that publishes without end is told that it must wait, and the bridge keeps no more than that.
TEST(Worker, AFloodOfPublishesIsBounded) {
  Worker worker(worker_section("bad_publishes"));
  worker.bridge.shop.keep();
  EXPECT_EQ(worker.reply("flood"), "10000 taken, 90000 busy, 0 other");
  ASSERT_TRUE(eventually([&] { return worker.bridge.shop.sent_count() == 10000; }));
  EXPECT_EQ(worker.reply("unknown"), std::to_string(MOMBRIDGE_NOT_FOUND));
  EXPECT_EQ(worker.reply("null"), std::to_string(MOMBRIDGE_INVALID));
  for (int i = 0; i < 10000; ++i) worker.bridge.shop.complete();
  EXPECT_TRUE(eventually([&] { return worker.bridge.registry.unconfirmed() == 0; }));
}

TEST(Worker, StopMeetsCompletions) {
  for (int round = 0; round < 10; ++round) {
    auto h = worker_section("good_async", {{"delay", "1ms"}});
    h.concurrency = 4;
    Worker worker(h);
    for (int i = 0; i < 500; ++i) worker.call("x");
    worker.calls_[static_cast<size_t>(round) * 10]->wait();
    worker.bridge.registry.stop();
    for (auto& call : worker.calls_) ASSERT_EQ(call->times, 1);
  }
}

TEST(Worker, ReachesNoOtherProcess) {
  if (!worker::can_filter_system_calls()) GTEST_SKIP() << "this kernel has no seccomp";
  Worker worker(bad_body());
  for (auto* does : {"kill_parent", "kill_all", "fork", "exec"})
    EXPECT_EQ(worker.reply(does), "Operation not permitted") << does;
  EXPECT_EQ(worker.reply("signal_itself"), "ok");
  EXPECT_EQ(worker.status().restarts, 0u);
}

TEST(Worker, HasTheNetworkOnlyWhereItIsAllowed) {
  if (!worker::can_filter_system_calls()) GTEST_SKIP() << "this kernel has no seccomp";
  auto h = bad_body();
  {
    Worker worker(h);
    EXPECT_EQ(worker.reply("socket"), "Permission denied");
    EXPECT_EQ(worker.reply("unix_socket"), "Permission denied");
  }
  h.access.network = true;
  Worker worker(h);
  EXPECT_EQ(worker.reply("socket"), "ok");
  EXPECT_EQ(worker.reply("unix_socket"), "ok");
}

/// A folder with a file "f", as long as the object lives.
struct Folder {
  Folder() {
    std::filesystem::create_directories(path);
    std::ofstream(path + "/f") << "x";
  }
  ~Folder() { std::filesystem::remove_all(path); }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("mombridge-worker-" + std::to_string(::getpid()))).string();
};

TEST(Worker, ReadsAndWritesOnlyWhatIsAllowed) {
  if (!worker::landlock_version()) GTEST_SKIP() << "this kernel has no Landlock";
  Folder folder;
  auto read = "read " + folder.path + "/f", write = "write " + folder.path + "/f",
       make = "write " + folder.path + "/new";
  auto h = bad_body();
  {
    Worker worker(h);
    for (auto& does : {read, write, make}) EXPECT_EQ(worker.reply(does), "Permission denied") << does;
    // What everybody needs.
    for (std::string path : {"/etc/localtime", "/etc/hosts", "/proc/self/status", "/usr", "/dev/urandom"})
      if (std::filesystem::exists(path)) {
        EXPECT_EQ(worker.reply("read " + path), "ok") << path;
      }
    EXPECT_EQ(worker.reply("write /dev/null"), "ok");
    EXPECT_EQ(worker.reply("read /proc/" + std::to_string(::getpid()) + "/environ"), "Permission denied");
  }
  h.access.read = {folder.path};
  {
    Worker worker(h);
    EXPECT_EQ(worker.reply(read), "ok");
    for (auto& does : {write, make}) EXPECT_EQ(worker.reply(does), "Permission denied") << does;
  }
  h.access = {.network = false, .read = {}, .write = {folder.path}};
  {
    Worker worker(h);
    for (auto& does : {read, write, make}) EXPECT_EQ(worker.reply(does), "ok") << does;
  }
  h.access.write = {folder.path + "/nothing"};
  EXPECT_EQ(load_error(h), "allow: " + folder.path + "/nothing: No such file or directory");
}

TEST(Worker, RunsOnAsManyProcessorsAsItMay) {
  auto h = bad_body();
  h.limits.processors = 1;
  Worker worker(h);
  EXPECT_EQ(worker.reply("processors"), "1");
}

/// A worker that has reached it is known to have it of its own.
uint64_t more_than_this_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return (std::stoull(line.substr(6)) << 10) / 2 * 3 + (uint64_t{32} << 20);
  return 0;
}

/// One that ends its worker, whatever it is given to.
struct End {
  const char* body;
  const char* reason;  ///< part of it
};
class WorkerEnds : public testing::TestWithParam<End> {};

// The message that ends two workers, the second of which had nothing else, is rejected. Those beside it complete.
TEST_P(WorkerEnds, CostsOneMessage) {
  if (kSanitized) GTEST_SKIP();
  auto h = bad_body();
  // Short only for those that hang: the others may take their time on a machine that is busy.
  if (std::string_view(GetParam().reason).ends_with("300ms")) h.timeout = 300ms;
  h.limits.memory = more_than_this_process();
  Worker worker(h);
  EXPECT_EQ(worker.reply("a"), "alive");
  for (int i = 0; i < 20; ++i) worker.call(std::to_string(i));
  auto& bad = worker.call(GetParam().body);
  for (int i = 0; i < 20; ++i) worker.call(std::to_string(i));
  EXPECT_EQ(bad.wait().kind, Verdict::Kind::reject) << bad.verdict.reason;
  EXPECT_THAT(bad.verdict.reason, AllOf(StartsWith("the worker of handler 'w_bad_body' (bad_body 1.2) "),
                                        HasSubstr(GetParam().reason), HasSubstr("alone")));
  for (auto& call : worker.calls_) {
    if (call.get() != &bad) {
      EXPECT_EQ(call->reply(), "alive");
    }
  }
  for (auto& call : worker.calls_) EXPECT_EQ(call->times, 1);
  // The last one starts after the message was rejected, which may be the last that anybody waits for.
  EXPECT_TRUE(eventually([&] { return worker.status().restarts == 2 && worker.status().state == "running"; }))
      << worker.status().restarts << " " << worker.status().state;
  EXPECT_THAT(worker.status().last_end, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, WorkerEnds,
    testing::Values(End{"abort", "was killed by SIGABRT"}, End{"segv", "was killed by SIGSEGV"},
                    End{"kill", "was killed by SIGKILL"}, End{"term", "was killed by SIGTERM"},
                    End{"exit", "ended with exit code 0"}, End{"exit7", "ended with exit code 7"},
                    End{"overflow", "was killed by SIGSEGV"}, End{"heap", "was killed by SIG"},
                    End{"eat", "at its memory limit of "}, End{"loop", "handle() had not returned after 300ms"},
                    End{"stopped", "handle() had not returned after 300ms"},
                    End{"rubbish", "it broke the protocol: a frame of 4294967295 bytes"}, End{"half", ""},
                    End{"huge", "it broke the protocol: a frame of 2139062143 bytes"}, End{"close", ""},
                    End{"fork_and_abort", "was killed by SIGABRT"}, End{"abort_later", "was killed by SIGABRT"}),
    [](auto& end) { return std::string(end.param.body); });

TEST(Worker, IsRestartedWithoutEndAndLeavesNothingBehind) {
  auto h = bad_body();
  Worker worker(h);
  worker.reply("warm");
  auto descriptors = open_descriptors();
  auto before = restarts("w_bad_body");
  for (int i = 0; i < 30; ++i) worker.call(i % 3 ? "fork_and_abort" : "exit");
  worker.call("last");
  for (auto& call : worker.calls_) call->wait();
  EXPECT_EQ(worker.calls_.back()->reply(), "alive");
  EXPECT_EQ(restarts("w_bad_body"), before + 60);
  EXPECT_TRUE(eventually([&] { return children() == 1; })) << children();
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= descriptors; })) << open_descriptors();
}

TEST(Worker, HasNothingOfTheBridgeButItsOwn) {
  ::setenv("MOMBRIDGE_TEST_SECRET", "hidden", 1);
  Worker worker(bad_body());
  EXPECT_THAT(worker.reply("environment"), Not(HasSubstr("hidden")));
  // Its input, two outputs, the socket, a timer.
  EXPECT_EQ(worker.reply("descriptors"), "0 1 2 3 4 ");
  EXPECT_NE(worker.reply("pid"), std::to_string(::getpid()));
  EXPECT_EQ(worker.reply("pid"), std::to_string(worker.status().pid));
}

TEST(Worker, AStartThatFailsIsTriedAgainAndMessagesWait) {
  Worker worker(worker_section("bad_start_until", {{"file", "/nonexistent"}}, "w_late"));
  auto& call = worker.call("x");
  EXPECT_TRUE(eventually([&] { return worker.status().restarts >= 3; }));
  EXPECT_EQ(call.times, 0);
  EXPECT_THAT(worker.status().last_end, HasSubstr("start failed (internal error)"));
}

TEST(Worker, AStartThatSucceedsLater) {
  auto file = (std::filesystem::temp_directory_path() / ("mombridge-start-" + std::to_string(::getpid()))).string();
  std::filesystem::remove(file);
  Worker worker(worker_section("bad_start_until", {{"file", file}}, "w_later"));
  auto& call = worker.call("x");
  EXPECT_TRUE(eventually([&] { return worker.status().restarts >= 1; }));
  std::ofstream(file).flush();
  EXPECT_EQ(call.reply(), "started");
  std::filesystem::remove(file);
}

TEST(Worker, NeverCompletesCostsAnAttemptAndNoWorker) {
  auto h = worker_section("bad_never_completes");
  h.timeout = 30ms;
  Worker worker(h);
  for (int i = 0; i < 10; ++i) worker.call("x");
  for (auto& call : worker.calls_) {
    EXPECT_EQ(call->wait().kind, Verdict::Kind::retry);
    EXPECT_EQ(call->verdict.reason, "the handler did not answer in time");
  }
  EXPECT_EQ(worker.status().restarts, 0u);
}

TEST(Worker, MemoryThatIsRefusedAndAReplyThatIsTooLarge) {
  if (kSanitized) GTEST_SKIP();
  Worker worker(bad_body());
  EXPECT_EQ(worker.verdict("oom").kind, Verdict::Kind::retry);
  EXPECT_EQ(worker.verdict("new").kind, Verdict::Kind::retry);
  EXPECT_EQ(worker.verdict("gib").kind, Verdict::Kind::retry);
  EXPECT_THAT(worker.verdict("gib").reason, HasSubstr("the body has 1073741824 bytes"));
  EXPECT_EQ(worker.reply("x"), "alive");
  EXPECT_EQ(worker.status().restarts, 0u);
}

TEST(Worker, PrintsAndLogs) {
  Worker worker(bad_body());
  testing::internal::CaptureStderr();
  log::init(log::Level::info, log::Format::json);
  EXPECT_EQ(worker.reply("print"), "alive");
  EXPECT_EQ(worker.reply("log_flood"), "alive");
  worker.bridge.registry.stop();
  worker.bridge.registry.close();
  auto logged = testing::internal::GetCapturedStderr();
  log::init(log::Level::warn, log::Format::text);
  for (auto* line : {"a line", "half of a line", "an error", "line 0"}) EXPECT_THAT(logged, HasSubstr(line));
  EXPECT_LT(std::ranges::count(logged, '\n'), 50000) << "a flood is cut";
}

TEST(Worker, StopsAsInProcess) {
  {
    Worker worker(worker_section("bad_never_completes"));
    auto& open = worker.call("x");
    worker.bridge.registry.stop();
    EXPECT_EQ(open.times, 1);
    EXPECT_EQ(open.verdict.reason, "the bridge is stopping");
    EXPECT_EQ(worker.verdict("y").reason, "the bridge is stopping");
  }
  {
    Worker worker(worker_section("good_async", {{"delay", "1h"}}));
    for (int i = 0; i < 20; ++i) worker.call("x");
    worker.bridge.registry.stop();
    for (auto& call : worker.calls_) {
      EXPECT_EQ(call->times, 1);
      EXPECT_EQ(call->verdict.kind, Verdict::Kind::retry);
    }
  }
  EXPECT_EQ(children(), 0u);
}

TEST(Worker, ThatDoesNotStopIsKilled) {
  Blocking blocking("w_blocks");
  auto h = blocking.section();
  h.isolation = config::Isolation::process;
  Worker worker(h);
  auto& stuck = worker.call("x");
  auto& waiting = worker.call("y");
  worker.bridge.registry.stop(200ms);
  EXPECT_EQ(stuck.times, 1);
  EXPECT_EQ(waiting.times, 1);
  EXPECT_EQ(stuck.verdict.kind, Verdict::Kind::retry);
  worker.bridge.registry.close();
  EXPECT_FALSE(worker.bridge.registry.left_behind());
  EXPECT_EQ(children(), 0u);
}

TEST(Worker, PublishesThatEndAfterItsStopAreHeardOf) {
  Worker worker(worker_section("good_publish", {{"broker", "shop"}, {"target", "out"}}));
  worker.bridge.shop.keep();
  auto& call = worker.call("x");
  ASSERT_TRUE(eventually([&] { return worker.bridge.shop.sent_count() == 1; }));
  worker.bridge.registry.stop();
  EXPECT_EQ(call.wait().kind, Verdict::Kind::retry);
  worker.bridge.shop.complete();
  worker.bridge.registry.close();
  EXPECT_EQ(call.times, 1);
  EXPECT_EQ(worker.bridge.registry.unconfirmed(), 0u);
}

TEST(WorkerDeath, InWords) {
  EXPECT_EQ(to_string(worker::Death{.status = SIGSEGV}), "was killed by SIGSEGV");
  EXPECT_EQ(to_string(worker::Death{.status = 3 << 8}), "ended with exit code 3");
  EXPECT_EQ(to_string(worker::Death{.status = SIGABRT, .memory_limit = 64 << 20, .out_of_memory = true}),
            "was killed by SIGABRT at its memory limit of 64MiB");
  EXPECT_EQ(to_string(worker::Death{.status = SIGKILL, .killed_for = "it broke the protocol"}),
            "was killed, because it broke the protocol");
}

}  // namespace
}  // namespace mombridge::handler::test
