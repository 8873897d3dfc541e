#pragma once
// Takes the connections of a listening socket.

#include <functional>

#include "admin/socket.hpp"
#include "base/event_loop.hpp"
#include "base/fd.hpp"

namespace mombridge::admin {

/// [loop] All of it, or before the loop runs, or after it has stopped.
class Acceptor {
 public:
  using Taken = std::function<void(Fd)>;

  /// `loop` outlives this. At most so many connections are taken in one round of it.
  Acceptor(EventLoop& loop, ListeningSocket socket, int at_once, Taken taken);
  ~Acceptor() { close(); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void start();
  /// Takes nothing more, and removes a unix socket's file. Once is enough.
  void close();

 private:
  void accept();
  void pause();

  EventLoop& loop_;
  ListeningSocket socket_;
  const int at_once_;
  const Taken taken_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::admin
