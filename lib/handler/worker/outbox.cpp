#include "handler/worker/outbox.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace mombridge::handler::worker {

namespace {
constexpr Duration kLongestWait = 1ms;  ///< of what was gathered while a handle() goes on
constexpr Duration kWhile = 50us;       ///< between two calls of handle()
constexpr size_t kMostWaiting = 16 << 20;
}  // namespace

Outbox::Outbox(int socket, std::function<void()> gone)
    : socket_(socket), gone_(std::move(gone)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

void Outbox::arm() {
  if (std::exchange(armed_, true)) return;
  itimerspec once{.it_interval = {},
                  .it_value = {.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kLongestWait).count()}};
  ::timerfd_settime(timer_.get(), 0, &once, nullptr);
}

void Outbox::timer_expired() {
  uint64_t ignored = 0;
  if (::read(timer_.get(), &ignored, sizeof ignored) < 0) return;
  std::unique_lock lock(mutex_);
  armed_ = false;
  send_all(lock);
}

void Outbox::flush() {
  std::unique_lock lock(mutex_);
  send_all(lock);
}

void Outbox::finish() {
  std::unique_lock lock(mutex_);
  send_all(lock);
  written_.wait(lock, [this] { return !writing_; });
}

void Outbox::flush_before(TimePoint now) {
  std::unique_lock lock(mutex_);
  if (buffer_.size() && now - gathered_since_ > kWhile) send_all(lock);
}

bool Outbox::full() {
  std::lock_guard lock(mutex_);
  return buffer_.size() + buffer_.in_files() > kMostWaiting;
}

void Outbox::send_all(std::unique_lock<std::mutex>& lock) {
  if (writing_) return;
  writing_ = true;
  while (buffer_.size()) {
    std::swap(buffer_, sending_);
    lock.unlock();
    write_all(sending_);
    lock.lock();
  }
  writing_ = false;
  written_.notify_all();
}

void Outbox::write_all(FrameBuffer& frames) {
  while (frames.unsent())
    if (frames.send(socket_) < 0 && errno != EINTR) return gone_();
}

}  // namespace mombridge::handler::worker
