#include "daemon/signals.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace mombridge {

namespace {
sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, s);
  return set;
}
}  // namespace

void Signals::block() {
  auto set = handled();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A connection that is gone, and a log file that may not grow (ulimit -f), show as errors of the write.
  for (int s : {SIGPIPE, SIGXFSZ}) signal(s, SIG_IGN);
}

Signals::Signals(EventLoop& loop, std::function<void(int)> callback) : loop_(loop) {
  auto set = handled();
  fd_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  loop_.watch(fd_.get(), EPOLLIN, [this, callback = std::move(callback)](uint32_t) {
    signalfd_siginfo info;
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      callback(static_cast<int>(info.ssi_signo));
  });
}

Signals::~Signals() { loop_.unwatch(fd_.get()); }

}  // namespace mombridge
