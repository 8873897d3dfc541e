#include "frame_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace mombridge::amqp::test {

std::string frame_bytes(uint8_t type, uint16_t channel, std::string_view payload) {
  Buffer out;
  Writer writer(out);
  writer.octet(type);
  writer.number(channel);
  writer.long_string(payload);
  writer.octet(0xCE);
  return out.str();
}

std::string method_bytes(uint16_t channel, uint32_t method, std::string_view arguments) {
  Buffer payload;
  Writer(payload).number(method);
  payload.append(arguments);
  return frame_bytes(1, channel, payload);
}

FrameSocket FrameSocket::connect(const std::string& host, const std::string& port) {
  addrinfo hints{.ai_flags = 0, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &list)) throw std::runtime_error("cannot resolve " + host);
  Fd connected;
  for (auto* a = list; a && !connected; a = a->ai_next) {
    Fd fd(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), a->ai_addr, a->ai_addrlen) == 0) connected = std::move(fd);
  }
  ::freeaddrinfo(list);
  if (!connected) throw std::runtime_error("cannot connect to " + host + ":" + port);
  int one = 1;
  ::setsockopt(connected.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return FrameSocket(std::move(connected));
}

bool FrameSocket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool FrameSocket::receive(TimePoint deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd p{fd_.get(), POLLIN, 0};
  if (!fd_ || ended_ || ::poll(&p, 1, static_cast<int>(std::max<int64_t>(left, 0))) != 1) return false;
  std::array<char, 65536> block;
  ssize_t n = ::recv(fd_.get(), block.data(), block.size(), 0);
  if (n > 0) in_.append(block.data(), static_cast<size_t>(n));
  ended_ = n <= 0;
  return !ended_;
}

std::optional<std::string> FrameSocket::take(size_t size, Duration patience) {
  for (auto deadline = Clock::now() + patience; in_.size() < size;)
    if (!receive(deadline)) return std::nullopt;
  auto taken = in_.substr(0, size);
  in_.erase(0, size);
  return taken;
}

std::optional<Frame> FrameSocket::read(Duration patience) {
  auto header = take(7, patience);
  if (!header) return std::nullopt;
  Reader in(*header);
  Frame frame{.type = in.octet(), .channel = in.number<uint16_t>(), .payload = {}};
  auto rest = take(in.number<uint32_t>() + size_t{1}, patience);
  if (!rest || static_cast<uint8_t>(rest->back()) != 0xCE) return std::nullopt;
  rest->pop_back();
  frame.payload = std::move(*rest);
  return frame;
}

std::optional<Frame> FrameSocket::await(uint32_t method, Duration patience) {
  for (auto deadline = Clock::now() + patience;;) {
    auto frame = read(deadline - Clock::now());
    if (!frame || frame->method() == method) return frame;
  }
}

bool FrameSocket::await_end(Duration patience) {
  for (auto deadline = Clock::now() + patience; receive(deadline);) in_.clear();
  return ended_;
}

}  // namespace mombridge::amqp::test
