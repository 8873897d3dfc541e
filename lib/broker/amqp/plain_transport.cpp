#include "broker/amqp/plain_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <climits>

namespace mombridge::amqp {

Transport::Transfer PlainTransport::read(std::span<const iovec> into) {
  ssize_t n = ::readv(socket_.get(), into.data(), static_cast<int>(std::min<size_t>(into.size(), IOV_MAX)));
  if (n > 0) return {Status::ok, static_cast<size_t>(n)};
  return n == 0 ? Transfer{Status::closed} : failed(errno);
}

Transport::Transfer PlainTransport::write(std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<size_t>(parts.size(), IOV_MAX);
  ssize_t n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  return n >= 0 ? Transfer{Status::ok, static_cast<size_t>(n)} : failed(errno);
}

Transport::Transfer PlainTransport::failed(int error) {
  // The socket is ready still after an interrupted call, so that the event comes again.
  if (error == EAGAIN || error == EINTR) return {Status::would_block};
  error_ = error;
  return {Status::failed};
}

uint32_t PlainTransport::events(bool reading, bool writing) const {
  return (reading ? EPOLLIN : EPOLLRDHUP) | (writing ? EPOLLOUT : 0u);
}

std::string PlainTransport::error() const { return error_ ? std::strerror(error_) : ""; }

}  // namespace mombridge::amqp
