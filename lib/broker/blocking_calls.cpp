#include "broker/blocking_calls.hpp"

#include <stdexcept>

#include "base/thread.hpp"

namespace mombridge {

BlockingCalls::BlockingCalls(std::string name) : name_(std::move(name)), queue_(std::make_shared<Queue>()) {}

BlockingCalls::~BlockingCalls() { stop(Duration::zero()); }

void BlockingCalls::start() {
  if (auto started = run_thread(); !started) throw std::runtime_error(started.error().text);
}

bool BlockingCalls::ensure_started() {
  {
    std::lock_guard lock(queue_->mutex);
    if (queue_->running || queue_->stopping) return true;
  }
  return run_thread().has_value();
}

Result<> BlockingCalls::run_thread() {
  {
    std::lock_guard lock(queue_->mutex);
    queue_->running = true;
  }
  auto started = start_detached(name_, [queue = queue_] { queue->run(); });
  if (started) return {};
  std::lock_guard lock(queue_->mutex);
  queue_->running = false;
  return started;
}

bool BlockingCalls::stop(Duration patience) {
  std::deque<std::function<void()>> dropped;  // destroyed without the lock, because they may own much
  std::unique_lock lock(queue_->mutex);
  queue_->stopping = true;
  dropped.swap(queue_->calls);
  queue_->changed.notify_all();
  bool ended = queue_->changed.wait_for(lock, patience, [this] { return !queue_->running; });
  lock.unlock();
  return ended;
}

void BlockingCalls::add(std::function<void()> call) {
  std::lock_guard lock(queue_->mutex);
  if (queue_->stopping) return;
  queue_->calls.push_back(std::move(call));
  queue_->changed.notify_all();
}

void BlockingCalls::Queue::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !calls.empty(); });
    if (stopping) break;
    {
      auto call = std::move(calls.front());
      calls.pop_front();
      lock.unlock();
      call();
    }  // what it owned goes while nobody waits for the lock
    lock.lock();
  }
  running = false;
  changed.notify_all();
}

BlockingCaller::BlockingCaller(BlockingCalls& calls, EventLoop& loop)
    : calls_(calls), loop_(loop), outlet_(new Outlet{{}, &loop}) {}

void BlockingCaller::cancel() {
  {
    std::lock_guard lock(outlet_->mutex);
    outlet_->loop = nullptr;
  }
  outlet_.reset(new Outlet{{}, &loop_});
  for (auto& [id, timer] : timers_) loop_.cancel(timer);
  timers_.clear();
}

uint64_t BlockingCaller::begin(Duration patience, EventLoop::Task timed_out) {
  auto id = next_id_++;
  timers_[id] = loop_.after(patience, [this, id, timed_out = std::move(timed_out)] {
    if (end(id)) timed_out();
  });
  return id;
}

bool BlockingCaller::end(uint64_t id) {
  auto found = timers_.find(id);
  if (found == timers_.end()) return false;
  loop_.cancel(found->second);
  timers_.erase(found);
  return true;
}

bool BlockingCaller::Outlet::open() {
  std::lock_guard lock(mutex);
  return loop != nullptr;
}

// The lock keeps the loop from going meanwhile.
void BlockingCaller::Outlet::post(EventLoop::Task task) {
  std::lock_guard lock(mutex);
  if (loop) loop->post(std::move(task));
}

}  // namespace mombridge
