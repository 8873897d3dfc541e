#include "admin/acceptor.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include "base/log.hpp"

namespace mombridge::admin {

namespace {

/// Without descriptors the listener stays ready, and only time helps.
constexpr Duration kPause = std::chrono::milliseconds(200);

}  // namespace

Acceptor::Acceptor(EventLoop& loop, ListeningSocket socket, int at_once, Taken taken)
    : loop_(loop), socket_(std::move(socket)), at_once_(at_once), taken_(std::move(taken)) {}

void Acceptor::start() {
  loop_.watch(socket_.fd(), EPOLLIN, [this](uint32_t) { accept(); });
}

void Acceptor::close() {
  if (!socket_) return;
  loop_.cancel(std::exchange(timer_, 0));
  loop_.unwatch(socket_.fd());
  socket_.close();
}

void Acceptor::accept() {
  for (int i = 0; i < at_once_; ++i) {
    Fd fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      taken_(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return pause();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Acceptor::pause() {
  static log::Repeated line;
  line.event(log::Level::warn, "an HTTP connection cannot be taken",
             {{"listener", loop_.name()}, {"reason", std::generic_category().message(errno)}});
  loop_.modify(socket_.fd(), 0);
  timer_ = loop_.after(kPause, [this] { loop_.modify(socket_.fd(), EPOLLIN); });
}

}  // namespace mombridge::admin
