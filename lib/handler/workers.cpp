#include "handler/workers.hpp"

#include <utility>

namespace mombridge::handler {

Result<> Workers::start(const std::string& name, unsigned count, const Work& work, const Last& last) {
  std::lock_guard lock(mutex_);
  while (threads_.size() < count) {
    auto thread = Thread::start(name, [this, work, last] { run(work, last); });
    if (!thread)
      return fail(thread.error().in("number " + std::to_string(threads_.size() + 1) + " of " + std::to_string(count)));
    threads_.push_back(std::move(*thread));
    ++running_;
  }
  return {};
}

bool Workers::add(Call& call) noexcept {
  std::lock_guard lock(mutex_);
  if (stopping_) return false;
  waiting_.push_back(&call);
  changed_.notify_one();
  return true;
}

bool Workers::waiting() {
  std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

void Workers::run(const Work& work, const Last& last) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) break;
    Call* call = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    work(*call);
    lock.lock();
  }
  if (running_ == 1) {
    lock.unlock();
    last();
    lock.lock();
  }
  --running_;
  changed_.notify_all();
}

std::deque<Call*> Workers::stop_taking() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  return std::exchange(waiting_, {});
}

bool Workers::join(Duration patience) {
  bool all;
  {
    std::unique_lock lock(mutex_);
    all = changed_.wait_for(lock, patience, [this] { return running_ == 0; });
  }
  for (auto& thread : threads_) all ? thread.join() : thread.detach();
  threads_.clear();
  return all;
}

}  // namespace mombridge::handler
