// Answers later, from a thread of its own: each message comes back as it was when `delay` is over. handle() returns at
// once, so that any number of messages can wait at the same time. The handler's `timeout` must be longer than the
// delay.
//   handlers: {delay: {plugin: delay.so, config: {delay: 2s}, timeout: 10s}}
//   routes: [{from: {broker: shop, queue: reminders}, to: {handler: delay, reply_to: {broker: lake, target: due}}}]
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Delay : public Handler {
 public:
  using Handler::Handler;

  // Threads begin here and not in the constructor, because `mombridge check` runs the constructor, too.
  void start() override {
    thread_ = std::jthread([this](std::stop_token stop) { answer(stop); });
  }

  // The message ends when this returns, so what the answer needs is copied.
  void handle(const MessageView& message, Request& request) override {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({Clock::now() + delay_, Message::copy_of(message), std::move(request)});
    changed_.notify_one();
  }

  // What still waits is dropped, which gives it back to its source. It comes again.
  void stop() override {
    thread_ = {};
    waiting_.clear();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Clock::time_point due;
    Message message;
    Request request;
  };

  // The delay is the same for all, so the first that came is the first that is due.
  void answer(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
      changed_.wait_until(lock, stop, waiting_.front().due, [] { return false; });
      if (stop.stop_requested()) return;
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next.request.reply(next.message);
      lock.lock();
    }
  }

  const std::chrono::milliseconds delay_ = config().get("delay", std::chrono::seconds(1));
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_;
  std::jthread thread_;
};

MOMBRIDGE_HANDLER(Delay, "delay", "1.0");
