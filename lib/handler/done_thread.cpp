#include "handler/done_thread.hpp"

#include <utility>

#include "handler/abi.hpp"

namespace mombridge::handler {

bool DoneThread::ensure(std::shared_ptr<const void> keeps) {
  std::lock_guard lock(mutex_);
  if (running_) return true;
  if (stopping_) return false;
  auto thread = Thread::start("d:" + handler_, [this, keeps = std::move(keeps)] { run(); });
  if (!thread) {
    log::error("no thread can be made for a handler's callbacks",
               {{"handler", handler_}, {"reason", thread.error().text}});
    return false;
  }
  thread_ = std::move(*thread);
  return running_ = true;
}

void DoneThread::add(Done done) {
  {
    std::lock_guard lock(mutex_);
    if (running_ && !stopping_) {
      waiting_.push_back(std::move(done));
      return changed_.notify_all();
    }
  }
  call(done);
}

bool DoneThread::stop(Duration patience) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  bool ended = changed_.wait_for(lock, patience, [this] { return !running_; });
  auto thread = std::move(thread_);
  lock.unlock();
  ended ? thread.join() : thread.detach();
  return ended;
}

void DoneThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    auto done = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    call(done);
    lock.lock();
  }
  running_ = false;
  changed_.notify_all();
}

void DoneThread::call(Done& done) {
  breaches_.contain({"a callback of publish"}, [&] {
    return done.function(done.user, done.status, slice(std::string_view(done.error))), MOMBRIDGE_OK;
  });
}

}  // namespace mombridge::handler
