#include "relay.hpp"

#include <array>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <utility>

namespace mombridge::conformance {

namespace {

constexpr size_t kBlock = 64 << 10;

/// One direction: what was read and not written yet, at most a block, so that a slow reader slows its writer.
class Flow {
 public:
  Flow(int from, int to) : from_(from), to_(to) {}
  [[nodiscard]] short wants_read() const { return left_.empty() ? POLLIN : 0; }
  [[nodiscard]] short wants_write() const { return left_.empty() ? 0 : POLLOUT; }

  bool read() {
    ssize_t n = ::recv(from_, block_.data(), block_.size(), MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    left_ = {block_.data(), static_cast<size_t>(n)};
    return n > 0;
  }
  bool write() {
    ssize_t n = ::send(to_, left_.data(), left_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    left_.remove_prefix(static_cast<size_t>(n));
    return true;
  }

 private:
  int from_, to_;
  std::array<char, kBlock> block_;
  std::string_view left_;
};

void reset_at_close(int fd) {
  linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void signal(const Fd& event) {
  uint64_t one = 1;
  [[maybe_unused]] auto ignored = ::write(event.get(), &one, sizeof one);
}

}  // namespace

Relay::Relay(std::string host, std::string port)
    : host_(std::move(host)),
      server_port_(std::move(port)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in any{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof any;
  auto* address = reinterpret_cast<sockaddr*>(&any);
  if (::bind(listener_.get(), address, size) || ::listen(listener_.get(), 64) ||
      ::getsockname(listener_.get(), address, &size))
    throw std::runtime_error("relay: no port");
  port_ = ntohs(any.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

Relay::~Relay() {
  signal(stop_);
  acceptor_.join();
  cut(Cut::close);
}

Fd Relay::connect_to_server() const {
  addrinfo hints{.ai_flags = 0, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  if (::getaddrinfo(host_.c_str(), server_port_.c_str(), &hints, &list)) return {};
  Fd connected;
  for (auto* a = list; a && !connected; a = a->ai_next) {
    Fd fd(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), a->ai_addr, a->ai_addrlen) == 0) connected = std::move(fd);
  }
  ::freeaddrinfo(list);
  return connected;
}

void Relay::accept_loop() {
  for (;;) {
    pollfd wanted[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(wanted, 2, -1) < 0 || wanted[1].revents) return;
    auto link = std::make_unique<Link>();
    link->client = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    link->server = connect_to_server();
    link->wake = Fd(::eventfd(0, EFD_CLOEXEC));
    if (!link->client || !link->server) continue;  // the client sees its connection end
    std::lock_guard lock(mutex_);
    link->thread = std::thread([this, &l = *link] { run(l); });
    links_.push_back(std::move(link));
  }
}

void Relay::run(Link& link) {
  Flow up(link.client.get(), link.server.get()), down(link.server.get(), link.client.get());
  constexpr short kGone = POLLHUP | POLLERR;
  for (bool open = true; open;) {
    auto want = [](const Fd& fd, const Flow& from, const Flow& to) {
      return pollfd{fd.get(), static_cast<short>(from.wants_read() | to.wants_write()), 0};
    };
    pollfd p[] = {want(link.client, up, down), want(link.server, down, up), {link.wake.get(), POLLIN, 0}};
    if (::poll(p, 3, -1) < 0) continue;
    if (p[2].revents) break;
    if (p[0].revents & (POLLIN | kGone) && up.wants_read()) open = up.read();
    if (p[1].revents & (POLLIN | kGone) && down.wants_read()) open = down.read() && open;
    if (p[0].revents & POLLOUT && down.wants_write()) open = down.write() && open;
    if (p[1].revents & POLLOUT && up.wants_write()) open = up.write() && open;
    // A side that is gone while the other does not take what it last said.
    if ((p[0].revents & kGone && !up.wants_read()) || (p[1].revents & kGone && !down.wants_read())) break;
  }
  if (link.reset) reset_at_close(link.client.get()), reset_at_close(link.server.get());
  link.client.reset();
  link.server.reset();
}

void Relay::cut(Cut how) {
  std::vector<std::unique_ptr<Link>> links;
  {
    std::lock_guard lock(mutex_);
    links.swap(links_);
  }
  for (auto& link : links) {
    link->reset = how == Cut::reset;
    signal(link->wake);
  }
  for (auto& link : links) link->thread.join();
}

}  // namespace mombridge::conformance
