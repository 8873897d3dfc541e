#include "broker/kafka/empty_polls.hpp"

#include <atomic>
#include <cstddef>
#include <ctime>
#include <poll.h>
#include <pthread.h>
#include <string_view>

namespace mombridge::kafka {

namespace {

std::atomic<bool> waiting{false};
std::atomic<uint64_t> waited{0};
thread_local EmptyPolls empty_polls;

// librdkafka names its threads. Its interceptors would tell their kind, but a client that cannot be made leaves memory
// with them that is freed twice (2.0.2).
bool thread_speaks_with_broker() {
  char name[16] = "";
  return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && std::string_view(name).starts_with("rdk:broker");
}

int poll_for(pollfd* descriptors, nfds_t count, int ms) {
  timespec time{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000L};
  return ::ppoll(descriptors, count, ms < 0 ? nullptr : &time, nullptr);
}

int poll_or_wait(pollfd* descriptors, nfds_t count, int asked) {
  if (!waiting.load(std::memory_order_relaxed)) return poll_for(descriptors, count, asked);
  static thread_local const bool speaks_with_broker = thread_speaks_with_broker();
  if (!speaks_with_broker) return poll_for(descriptors, count, asked);
  int ms = empty_polls.wait(asked);
  if (ms != asked) waited.fetch_add(1, std::memory_order_relaxed);
  int ready = poll_for(descriptors, count, ms);
  empty_polls.polled(asked, ready);
  return ready;
}

}  // namespace

void let_polls_wait() noexcept { waiting.store(true, std::memory_order_relaxed); }

uint64_t waited_polls() noexcept { return waited.load(std::memory_order_relaxed); }

// Both names that a library compiled with poll() may call: the second one is for _FORTIFY_SOURCE, as Debian has it.
// They are given as assembler names, because the headers have declarations of their own for them.
extern "C" {
[[gnu::used, gnu::visibility("default")]] int mombridge_poll(pollfd*, nfds_t, int) asm("poll");
[[gnu::used, gnu::visibility("default")]] int mombridge_checked_poll(pollfd*, nfds_t, int, size_t) asm("__poll_chk");

int mombridge_poll(pollfd* descriptors, nfds_t count, int ms) { return poll_or_wait(descriptors, count, ms); }
int mombridge_checked_poll(pollfd* descriptors, nfds_t count, int ms, size_t) {
  return poll_or_wait(descriptors, count, ms);
}
}

}  // namespace mombridge::kafka
