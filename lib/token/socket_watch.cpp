#include "token/socket_watch.hpp"

#include <fcntl.h>
#include <linux/tcp.h>  // the C library's own has no tcpi_bytes_received
#include <netinet/in.h>
#include <sys/socket.h>

namespace mombridge::token {

void SocketWatch::begin(int socket) { socket_ = Fd(::fcntl(socket, F_DUPFD_CLOEXEC, 0)); }

size_t SocketWatch::received() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (!socket_ || ::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

// shutdown() wakes who waits; but what a peer goes on sending could still be read, and only dissolving the connection
// ends that (connect(2), AF_UNSPEC).
void SocketWatch::shut_down() const {
  if (!socket_) return;
  ::shutdown(socket_.get(), SHUT_RDWR);
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  ::connect(socket_.get(), &none, sizeof none);
}

}  // namespace mombridge::token
