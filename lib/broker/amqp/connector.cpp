#include "broker/amqp/connector.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "broker/amqp/plain_transport.hpp"
#include "broker/amqp/tls_transport.hpp"

namespace mombridge::amqp {

namespace {

/// Without a socket, errno says why.
Fd open_socket(const Address& address) {
  Fd socket(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;  // before any other call changes errno
  int one = 1;
  // Not TCP_USER_TIMEOUT: it also ends a connection whose peer is there and does not read, as RabbitMQ does not during
  // an alarm. A peer that vanished without a word is found by its missing heartbeats.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  return socket;
}

}  // namespace

std::unique_ptr<Transport> make_transport(Fd socket, const Endpoint& endpoint) {
  if (endpoint.tls) return std::make_unique<TlsTransport>(std::move(socket), endpoint.tls, endpoint.host);
  return std::make_unique<PlainTransport>(std::move(socket));
}

Connector::Connector(EventLoop& loop, const Settings& settings, ConnectorMeans means)
    : loop_(loop), settings_(settings), means_(std::move(means)) {}

void Connector::begin(Done done) {
  cancel();
  done_ = std::move(done);
  endpoint_ = &settings_.endpoints[next_endpoint_++ % settings_.endpoints.size()];
  endpoint_text_ = endpoint_->host + ":" + endpoint_->port;
  error_.clear();
  resolution_ = std::make_unique<Resolution>(loop_, means_.lookup, endpoint_->host, endpoint_->port,
                                             [this](auto addresses) { resolved(std::move(addresses)); });
}

void Connector::cancel() {
  resolution_.reset();
  drop_socket();
  done_ = nullptr;
}

void Connector::resolved(Result<std::vector<Address>> addresses) {
  if (!addresses) return finish(fail(addresses.error()));
  addresses_ = std::move(*addresses);
  next_address_ = 0;
  try_next_address();
}

void Connector::try_next_address() {
  while (next_address_ < addresses_.size()) {
    drop_socket();
    auto& address = addresses_[next_address_++];
    socket_ = open_socket(address);
    if (!socket_) {
      error_ = std::string("cannot make a socket: ") + std::strerror(errno);
      continue;
    }
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
        errno != EINPROGRESS) {
      error_ = std::strerror(errno);
      continue;
    }
    give_each_address_its_time();
    watched_ = socket_.get();
    return loop_.watch(watched_, EPOLLOUT, [this](uint32_t) { socket_event(); });
  }
  finish(fail("cannot connect to " + endpoint_text_ + ": " + (error_.empty() ? "its host has no address" : error_)));
}

void Connector::address_failed(std::string why) {
  error_ = std::move(why);
  try_next_address();
}

// A name may have several addresses, and one that swallows packets must not use up the time of the others.
void Connector::give_each_address_its_time() {
  if (next_address_ == addresses_.size()) return;
  auto time = settings_.connect_timeout / (2 * static_cast<int64_t>(addresses_.size()));
  address_deadline_ = loop_.after(time, [this] {
    address_deadline_ = 0;
    address_failed(std::strerror(ETIMEDOUT));
  });
}

void Connector::socket_event() {
  if (transport_) return shake_hands();
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return address_failed(std::strerror(error));
  transport_ = means_.transport(std::move(socket_), *endpoint_);
  shake_hands();
}

void Connector::shake_hands() {
  switch (transport_->handshake()) {
    case Transport::Status::ok:
      return finish(std::move(transport_));
    case Transport::Status::would_block:
      return loop_.modify(watched_, transport_->events(true, false));
    case Transport::Status::closed:
    case Transport::Status::failed:
      return address_failed(transport_->error());
  }
}

void Connector::drop_socket() {
  loop_.cancel(std::exchange(address_deadline_, 0));
  if (watched_ >= 0) loop_.unwatch(std::exchange(watched_, -1));
  socket_.reset();
  transport_.reset();
}

void Connector::finish(Result<std::unique_ptr<Transport>> result) {
  if (result) error_.clear();
  auto done = std::move(done_);
  cancel();
  done(std::move(result));
}

}  // namespace mombridge::amqp
