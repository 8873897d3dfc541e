#pragma once
// Plugins as the daemon runs them: the real .so, the real host, calls by the test.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>

#include "doubles/fake_broker.hpp"
#include "handler/registry.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace mombridge::handler::test {

/// While one lives, what this thread allocates may stay for the life of the process.
#ifdef __SANITIZE_ADDRESS__
using LeaksOnPurpose = __lsan::ScopedDisabler;
#else
struct LeaksOnPurpose {
  LeaksOnPurpose() {}  // NOLINT(modernize-use-equals-default): so that an object of it is no unused variable
};
#endif

using mombridge::test::count;
using mombridge::test::eventually;
using mombridge::test::FakeBroker;

inline std::string so(const std::string& name) { return HANDLERS "/" + name + ".so"; }

inline config::Handler section(const std::string& plugin, std::map<std::string, std::string> settings = {},
                               const std::string& name = {}) {
  config::Handler h;
  h.name = name.empty() ? plugin : name;
  h.plugin.value = so(plugin);
  h.settings = std::move(settings);
  h.isolation = config::Isolation::in_process;
  return h;
}

/// The same in a worker process.
inline config::Handler worker_section(const std::string& plugin, std::map<std::string, std::string> settings = {},
                                      const std::string& name = {}) {
  auto h = section(plugin, std::move(settings), name.empty() ? "w_" + plugin : name);
  h.isolation = config::Isolation::process;
  return h;
}

/// One call, and what became of it.
class TestCall final : public Call {
 public:
  explicit TestCall(std::string body = {}) : body_(std::move(body)) {
    content.target = "t";
    content.body = body_;
    message = &content;
    broker = "shop";
  }
  void finished(Verdict v) noexcept override {
    verdict = std::move(v);
    ++times;
  }
  /// Waits for the verdict.
  Verdict& wait() {
    EXPECT_TRUE(eventually([&] { return times > 0; })) << "no verdict";
    return verdict;
  }
  [[nodiscard]] std::string reply() {
    auto& v = wait();
    EXPECT_EQ(v.kind, Verdict::Kind::ok) << v.reason;
    return v.reply ? std::string(v.reply->message.body) : "(none)";
  }

  Message content;
  Verdict verdict;
  std::atomic<int> times{0};

 private:
  std::string body_;
};

/// A bridge with handlers and the broker "shop", running.
class Running {
 public:
  Running() { loop_.start(); }
  explicit Running(const config::Handler& h) : Running() {
    load(h);
    start();
  }
  ~Running() {
    registry.stop();
    loop_.stop();
  }

  void load(const config::Handler& h) {
    auto loaded = registry.load(h);
    ASSERT_TRUE(loaded) << loaded.error().text;
  }
  void start() {
    auto started = registry.start(find());
    ASSERT_TRUE(started) << started.error().text;
  }
  FindBroker find() {
    // Both are this object's own.
    return [this](const std::string& name) {
      return name == "shop" ? Outlet{{std::shared_ptr<void>(), &shop}, {std::shared_ptr<void>(), &settings}} : Outlet{};
    };
  }
  void call(TestCall& call, const std::string& handler) { registry.by_name().at(handler)->handle(call); }

  FakeBroker shop{"shop"};
  config::BrokerSettings settings;
  Registry registry{&loop_};

 private:
  EventLoop loop_{"timers"};
};

/// A section of bad_blocks, whose handle() returns when the test says so, or the test ends.
class Blocking {
 public:
  explicit Blocking(const std::string& name = "bad_blocks") : name_(name) { std::filesystem::remove(file_); }
  ~Blocking() { release(); }
  [[nodiscard]] config::Handler section(unsigned concurrency = 1, Duration timeout = 1h) const {
    auto h = test::section("bad_blocks", {{"until", file_}}, name_);
    h.concurrency = concurrency;
    h.timeout = timeout;
    return h;
  }
  /// Waits until that many calls have come to handle().
  [[nodiscard]] bool in_handle(unsigned calls) const {
    return eventually([&] { return count("handler_" + name_, "entered") == before_ + calls; });
  }
  void release() const { std::ofstream(file_).flush(); }

 private:
  std::string name_;
  std::string file_ = (std::filesystem::temp_directory_path() / ("mombridge-" + std::to_string(::getpid()))).string();
  uint64_t before_ = count("handler_" + name_, "entered");
};

/// Loads it, and returns what that says.
inline std::string load_error(const config::Handler& h) {
  Registry registry;
  auto loaded = registry.load(h);
  return loaded ? "" : loaded.error().text;
}

}  // namespace mombridge::handler::test
