// Answers from a thread of its own, `delay` (default 10ms) after the message came: body "async:" + body. What it still
// holds at stop() is dropped, which answers retry.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class GoodAsync : public Handler {
 public:
  using Handler::Handler;

  void start() override {
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }
  void handle(const MessageView& message, Request& request) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back({Clock::now() + delay_, "async:" + std::string(message.body()), std::move(request)});
    changed_.notify_one();
  }
  void stop() override {
    thread_ = {};
    queue_.clear();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Item {
    Clock::time_point due;
    std::string body;
    Request request;
  };

  void run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !queue_.empty(); })) {
      changed_.wait_until(lock, stop, queue_.front().due, [] { return false; });
      if (stop.stop_requested()) return;
      Item item = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      item.request.reply(item.body);
      lock.lock();
    }
  }

  const std::chrono::milliseconds delay_ = config().get("delay", std::chrono::milliseconds(10));
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> queue_;
  std::jthread thread_;
};

MOMBRIDGE_HANDLER(GoodAsync, "good_async", "1.0");
