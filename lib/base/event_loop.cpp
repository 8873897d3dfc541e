#include "base/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <future>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>

namespace mombridge {

namespace {
constexpr int kEventsPerSleep = 32;
constexpr Duration kLongestSleep = std::chrono::hours(1);

int64_t steady_ns(TimePoint t) { return t.time_since_epoch().count(); }

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

// The loop that runs on this thread, and whom to wake when its round is over.
thread_local const EventLoop* running = nullptr;
thread_local std::vector<std::shared_ptr<Fd>> to_wake;

void notify(const Fd& event) {
  uint64_t one = 1;
  [[maybe_unused]] auto ignored = ::write(event.get(), &one, sizeof one);
}

void wake_others() {
  for (auto& event : to_wake) notify(*event);
  to_wake.clear();
}

}  // namespace

EventLoop::EventLoop(std::string name)
    : name_(std::move(name)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      event_(std::make_shared<Fd>(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {
  check(epoll_.get(), "epoll_create1");
  check(event_->get(), "eventfd");
  // Edge-triggered: each write wakes, and nobody need read what it adds up to.
  epoll_event e{.events = EPOLLIN | EPOLLET, .data = {.fd = event_->get()}};
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event_->get(), &e), "epoll_ctl");
}

EventLoop::~EventLoop() { stop(); }

void EventLoop::start(size_t stack_bytes) {
  auto thread = Thread::start(
      name_, [this] { run(); }, stack_bytes);
  if (!thread) throw std::runtime_error(thread.error().text);
  thread_ = std::move(*thread);
}

void EventLoop::stop() {
  quit();
  thread_.join();
}

void EventLoop::quit() {
  quit_.store(true, std::memory_order_release);
  notify(*event_);
}

void EventLoop::run() {
  thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  running = this;
  while (!quit_.load(std::memory_order_acquire)) sleep_and_dispatch();
  posted_.run();
  wake_others();
  running = nullptr;
  busy_since_ns_ = 0;
  thread_id_.store({}, std::memory_order_relaxed);
}

void EventLoop::sleep_and_dispatch() {
  Duration longest = before_sleep_ ? std::min(before_sleep_(), kLongestSleep) : kLongestSleep;
  wake_others();
  if (rest_ > Duration::zero()) rest();
  longest = std::max(std::min(longest, timers_.until_next(Clock::now())), Duration::zero());
  // Rounded up, so that a timer that is due in a fraction of a millisecond does not spin.
  auto ms = std::chrono::ceil<std::chrono::milliseconds>(longest).count();

  epoll_event events[kEventsPerSleep];
  busy_since_ns_.store(0, std::memory_order_relaxed);
  int n = ::epoll_wait(epoll_.get(), events, kEventsPerSleep, static_cast<int>(ms));
  woke_ = Clock::now();
  busy_since_ns_.store(steady_ns(woke_), std::memory_order_relaxed);

  bool woken = false;
  // A callback may unwatch a descriptor that this very batch reports, and a new one may get its number: so the
  // callbacks are looked up before the first of them runs.
  std::pair<std::shared_ptr<Watch>, uint32_t> ready[kEventsPerSleep];
  for (int i = 0; i < n; ++i) {
    if (events[i].data.fd == event_->get()) {
      woken = true;
    } else if (auto found = watches_.find(events[i].data.fd); found != watches_.end()) {
      ready[i] = {found->second, uint32_t{events[i].events}};
    }
  }
  for (int i = 0; i < n; ++i)
    if (ready[i].first && !ready[i].first->removed) ready[i].first->callback(ready[i].second);
  if (woken) posted_.run();
  timers_.run(Clock::now());
}

void EventLoop::rest() {
  auto left = woke_ + rest_ - Clock::now();
  if (left <= Duration::zero()) return;
  busy_since_ns_.store(0, std::memory_order_relaxed);
  std::this_thread::sleep_for(left);
}

void EventLoop::watch(int fd, uint32_t events, FdCallback callback) {
  epoll_event e{.events = events, .data = {.fd = fd}};
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
  watches_[fd] = std::make_shared<Watch>(std::move(callback));
}

void EventLoop::modify(int fd, uint32_t events) {
  epoll_event e{.events = events, .data = {.fd = fd}};
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e), "epoll_ctl");
}

void EventLoop::unwatch(int fd) {
  auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  found->second->removed = true;
  watches_.erase(found);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::post(Task task) {
  // Not put off to the end of a round, as wake() is: whoever posts may wait for it.
  if (posted_.add(std::move(task))) notify(*event_);
}

void EventLoop::call(const Task& task) {
  if (in_loop()) return task();
  std::promise<void> ran;
  post([&] {
    task();
    ran.set_value();
  });
  ran.get_future().wait();
}

void EventLoop::wake() noexcept {
  if (in_loop()) return;
  if (!running) return notify(*event_);
  if (std::ranges::find(to_wake, event_) == to_wake.end()) to_wake.push_back(event_);
}

bool EventLoop::Posted::add(Task task) {
  std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  return tasks_.size() == 1;
}

void EventLoop::Posted::run() {
  std::vector<Task> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

TimePoint recent_time() noexcept { return running ? running->round_began() : Clock::now(); }

Duration EventLoop::busy_for() const {
  auto since = busy_since_ns_.load(std::memory_order_relaxed);
  return since ? Duration(steady_ns(Clock::now()) - since) : Duration::zero();
}

}  // namespace mombridge
