// What a call of a handler costs in a worker process, beside the same handler in the bridge's own, which does nothing:
// processor time of both processes, and the time of a round trip. Each pair is measured in one run, in turn, because a
// machine is not as fast at one time as at another: the ratios are what counts.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <sys/resource.h>
#include <time.h>
#include <vector>

#include "handler/registry.hpp"
#include "handler/worker.hpp"

namespace mombridge::handler {
namespace {

double seconds(const timespec& t) { return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec); }

/// Processor time that the process has used, in seconds; 0: of this one.
double processor_seconds(int64_t pid) {
  clockid_t clock{};
  timespec now{};
  if (::clock_getcpuclockid(static_cast<pid_t>(pid), &clock) != 0 || ::clock_gettime(clock, &now) != 0) std::abort();
  return seconds(now);
}

/// Calls that are under way together.
class Batch {
 public:
  Batch(size_t count, const std::string& body) {
    for (size_t i = 0; i < count; ++i) calls_.push_back(std::make_unique<One>(*this, body));
  }
  /// Hands all of them over, and waits until the last one has ended.
  void run(Handler& handler) {
    left_ = calls_.size();
    ended_ = false;
    for (auto& call : calls_) handler.handle(*call);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_; });
  }

 private:
  class One final : public Call {
   public:
    One(Batch& batch, const std::string& body) : batch_(batch) {
      content_.target = "orders.created";
      content_.body = body;
      message = &content_;
      broker = "shop";
    }
    void finished(Verdict verdict) noexcept override {
      if (verdict.kind != Verdict::Kind::ok) std::abort();
      if (batch_.left_.fetch_sub(1) != 1) return;
      // Under the lock, because the batch may go as soon as its end is seen.
      std::lock_guard lock(batch_.mutex_);
      batch_.ended_ = true;
      batch_.changed_.notify_one();
    }

   private:
    Batch& batch_;
    Message content_;
  };

  std::vector<std::unique_ptr<One>> calls_;
  std::atomic<size_t> left_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

/// Microseconds a call.
struct Cost {
  double bridge, worker, wall;
  [[nodiscard]] double both() const { return bridge + worker; }
};

/// The handler, running.
class Subject {
 public:
  Subject(config::Isolation isolation, const std::string& name) {
    loop_.start();
    config::Handler section;
    section.name = name;
    section.plugin.value = HANDLERS "/good_noop.so";
    section.isolation = isolation;
    auto loaded = registry_.load(section);
    if (!loaded) std::fprintf(stderr, "%s\n", loaded.error().text.c_str());
    if (!loaded || !registry_.start([](const std::string&) { return Outlet{}; })) std::abort();
    handler_ = registry_.by_name().at(name);
  }
  ~Subject() {
    registry_.stop();
    loop_.stop();
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  Cost measure(size_t in_flight, const std::string& body, double least_seconds) {
    Batch batch(in_flight, body);
    for (int i = 0; i < 3; ++i) batch.run(*handler_);
    auto worker = registry_.runners().front()->worker();
    auto of_worker = [&] { return worker ? processor_seconds(worker->pid) : 0; };
    auto bridge = processor_seconds(0), other = of_worker();
    auto begun = Clock::now(), end = begun;
    size_t calls = 0;
    do {
      batch.run(*handler_);
      calls += in_flight;
      end = Clock::now();
    } while (std::chrono::duration<double>(end - begun).count() < least_seconds);
    auto each = 1e6 / static_cast<double>(calls);
    return {(processor_seconds(0) - bridge) * each, (of_worker() - other) * each,
            std::chrono::duration<double>(end - begun).count() * each};
  }

 private:
  EventLoop loop_{"timers"};
  Registry registry_{&loop_};
  Handler* handler_ = nullptr;
};

Cost median(std::vector<Cost> all) {
  std::ranges::sort(all, {}, &Cost::both);
  return all[all.size() / 2];
}

void compare(const char* what, size_t in_flight, size_t size, Subject& in_process, Subject& process) {
  constexpr int kRounds = 5;
  constexpr double kLeastSeconds = 0.4;
  std::string body(size, 'x');
  std::vector<Cost> in, out;
  for (int i = 0; i < kRounds; ++i) {
    in.push_back(in_process.measure(in_flight, body, kLeastSeconds));
    out.push_back(process.measure(in_flight, body, kLeastSeconds));
  }
  auto a = median(in), b = median(out);
  std::printf("%-28s in process %8.2f µs CPU, %8.2f µs wall\n", what, a.both(), a.wall);
  std::printf(
      "%-28s in a worker %7.2f µs CPU in the bridge, %.2f in both, %.2f µs wall (%.1f and %.1f times as much CPU)\n",
      "", b.bridge, b.both(), b.wall, b.bridge / a.both(), b.both() / a.both());
}

}  // namespace

int bench_main() {
  use_workers();
  Subject in_process(config::Isolation::in_process, "in_process"), process(config::Isolation::process, "process");
  std::printf("A call of a handler that does nothing, medians of 5 rounds\n");
  compare("1000 in flight, 200 bytes", 1000, 200, in_process, process);
  compare("one at a time, 200 bytes", 1, 200, in_process, process);
  compare("8 in flight, 1 MiB", 8, size_t{1} << 20, in_process, process);
  compare("one at a time, 1 MiB", 1, size_t{1} << 20, in_process, process);
  return 0;
}

}  // namespace mombridge::handler

int main(int argc, char** argv) {
  if (mombridge::handler::is_worker(argc, argv)) return mombridge::handler::worker_main(argc, argv);
  return mombridge::handler::bench_main();
}
