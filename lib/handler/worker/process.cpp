#include "handler/worker/process.hpp"

#include <cerrno>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace mombridge::handler::worker {

namespace {
constexpr size_t kReadSize = 128 << 10;
constexpr int kReadsAtOnce = 8;        ///< then the loop's others have their turn
constexpr Duration kEndPatience = 1s;  ///< for a process that has no connection any more: it is of no use
}  // namespace

Result<std::unique_ptr<Process>> Process::start(EventLoop& loop, const SpawnOptions& options, Listener& listener) {
  auto spawned = spawn(options);
  if (!spawned) return fail(spawned.error());
  std::unique_ptr<Process> process(new Process(loop, options, listener, std::move(*spawned)));
  process->watch();
  return process;
}

Process::Process(EventLoop& loop, const SpawnOptions& options, Listener& listener, Spawned spawned)
    : loop_(loop),
      listener_(&listener),
      memory_limit_(options.limits.memory),
      spawned_(std::move(spawned)),
      log_(options.name) {}

Process::~Process() {
  listener_ = nullptr;
  end();
}

void Process::watch() {
  loop_.watch(spawned_.socket.get(), EPOLLIN, [this](uint32_t events) {
    if (events & EPOLLOUT) flush();
    if (events & ~uint32_t{EPOLLOUT}) readable();
  });
  loop_.watch(spawned_.output.get(), EPOLLIN, [this](uint32_t) { read_output(); });
  loop_.watch(spawned_.pidfd.get(), EPOLLIN, [this](uint32_t) {
    // What it had written before its end counts.
    while (!ended_ && receive()) {
    }
    end();
  });
}

void Process::flush() {
  while (!ended_ && out_.unsent()) {
    if (out_.send(spawned_.socket.get()) >= 0 || errno == EINTR) continue;
    bool full = errno == EAGAIN;
    if (full && !std::exchange(waits_to_send_, true)) loop_.modify(spawned_.socket.get(), EPOLLIN | EPOLLOUT);
    return;  // other errors mean its end, which is told by its pidfd
  }
  if (!ended_ && std::exchange(waits_to_send_, false)) loop_.modify(spawned_.socket.get(), EPOLLIN);
}

void Process::kill(const std::string& reason) {
  if (ended_ || !killed_for_.empty()) return;
  killed_for_ = reason;
  ::kill(-spawned_.pid, SIGKILL);
  ::kill(spawned_.pid, SIGKILL);
}

void Process::readable() {
  for (int i = 0; i < kReadsAtOnce && !ended_; ++i) {
    if (receive()) continue;
    if (errno != EAGAIN) disconnected();
    return;
  }
}

void Process::disconnected() {
  loop_.unwatch(spawned_.socket.get());
  // Most often because it ends, and then its own end says more.
  timer_ = loop_.after(kEndPatience, [this] { kill("it closed its connection to the bridge"); });
}

bool Process::receive() {
  auto n = stream_.receive(spawned_.socket.get(), kReadSize);
  if (n < 0 && errno == EINTR) return true;
  if (n == 0) errno = EPIPE;
  if (n <= 0) return false;
  take_frames();
  return true;
}

void Process::take_frames() {
  while (listener_ && killed_for_.empty()) {
    auto frame = stream_.next();
    auto taken = !frame ? Result<>(fail(frame.error())) : *frame ? listener_->frame(**frame) : Result<>();
    if (!taken) return kill("it broke the protocol: " + taken.error().text);
    if (!*frame) return;
  }
}

void Process::read_output() {
  char bytes[4096];
  auto n = ::read(spawned_.output.get(), bytes, sizeof bytes);
  if (n > 0) return printed_.add({bytes, static_cast<size_t>(n)});
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  printed_.end();
  loop_.unwatch(spawned_.output.get());
}

void Process::end() {
  if (std::exchange(ended_, true)) return;
  loop_.cancel(timer_);
  Death death{.memory_limit = memory_limit_, .killed_for = killed_for_};
  death.out_of_memory = spawned_.page.content().out_of_memory.load(std::memory_order_relaxed) != 0;
  death.status = kill_and_reap(spawned_);
  for (auto* fd : {&spawned_.socket, &spawned_.pidfd}) loop_.unwatch(fd->get());
  // What it has printed last is often what says why. Bounded, because others may have its output open, too.
  for (int i = 0; i < 16; ++i) read_output();
  printed_.end();
  loop_.unwatch(spawned_.output.get());
  if (listener_) listener_->ended(death);
}

}  // namespace mombridge::handler::worker
