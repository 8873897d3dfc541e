#include "scripted_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace mombridge::amqp::test {

std::string close_arguments(uint16_t code, std::string_view text) {
  return arguments([&](Writer& w) {
    w.number(code);
    w.short_string(text);
    w.number(uint32_t{0});
  });
}

ScriptedServer::ScriptedServer(int family, uint16_t port, int backlog)
    : listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  int one = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_storage storage{};
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  storage.ss_family = static_cast<sa_family_t>(family);
  v4.sin_port = htons(port);  // at the same place in both
  if (family == AF_INET)
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else
    v6.sin6_addr = in6addr_loopback;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::bind(listener_.get(), address, size) || ::listen(listener_.get(), backlog) ||
      ::getsockname(listener_.get(), address, &size))
    ADD_FAILURE() << "no port: " << std::strerror(errno);
  port_ = ntohs(v4.sin_port);
}

bool ScriptedServer::pending(Duration patience) const {
  pollfd p{listener_.get(), POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(patience / 1ms)) == 1;
}

FrameSocket ScriptedServer::accept() {
  if (!pending(kPatience)) {
    ADD_FAILURE() << "nobody connects";
    return {};
  }
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return FrameSocket(std::move(fd));
}

FrameSocket ScriptedServer::greet(const Greeting& greeting) {
  auto socket = accept();
  EXPECT_EQ(socket.take(8), std::string("AMQP\0\0\x09\x01", 8));
  auto properties = greeting.properties;
  if (properties.empty()) properties = std::string("\7productS\0\0\0\10RabbitMQ\7versionS\0\0\0\0063.10.8", 40);
  socket.method(0, AMQP_CONNECTION_START_METHOD, arguments([&](Writer& w) {
                  w.number(uint16_t{9});
                  w.long_string(properties);
                  w.long_string(greeting.mechanisms);
                  w.long_string("en_US");
                }));
  if (auto frame = socket.await(AMQP_CONNECTION_START_OK_METHOD)) start_ok = frame->arguments();
  return socket;
}

FrameSocket ScriptedServer::login(const Greeting& greeting) {
  auto socket = greet(greeting);
  socket.method(0, AMQP_CONNECTION_TUNE_METHOD, arguments([&](Writer& w) {
                  w.number(greeting.channel_max);
                  w.number(greeting.frame_max);
                  w.number(greeting.heartbeat);
                }));
  if (auto frame = socket.await(AMQP_CONNECTION_TUNE_OK_METHOD)) tune_ok = frame->arguments();
  if (auto frame = socket.await(AMQP_CONNECTION_OPEN_METHOD)) open = frame->arguments();
  socket.method(0, AMQP_CONNECTION_OPEN_OK_METHOD, std::string(1, '\0'));
  return socket;
}

void ScriptedServer::swallow() {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
  // A full queue of connections that nobody accepts: the kernel drops the next SYN.
  for (int i = 0; i < 8; ++i) {
    Fd& fd = fillers_.emplace_back(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size);
  }
}

Client::Client(const std::vector<std::string>& ports, ConnectorMeans means, token::Source* tokens) {
  settings.appname = "test";
  settings.heartbeat = Duration::zero();
  for (auto& port : ports)
    settings.endpoints.push_back({.host = "127.0.0.1", .port = port, .user = "me", .password = Secret("pw")});
  connection = std::make_unique<Connection>(loop, settings, "publisher", static_cast<ConnectionUser&>(*this),
                                            std::move(means), tokens);
  loop.before_sleep([this] {
    if (connection && connection->is_open()) connection->flush();
    return Duration::max();
  });
  loop.start();
}

Client::~Client() {
  run([this] { connection.reset(); });
  loop.stop();
}

std::string Client::next() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [this] { return !events_.empty(); })) return {};
  auto event = std::move(events_.front());
  events_.erase(events_.begin());
  return event;
}

bool Client::quiet() {
  run([] {});
  std::lock_guard lock(mutex_);
  return events_.empty();
}

void Client::note(std::string event) {
  if (!pause_after.empty() && event == pause_after) connection->pause_reading(true);
  std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void Client::opened() {
  connection->open_channel(kFirstChannel, first_);
  connection->open_channel(kLastChannel, last_);
  note("opened");
}

}  // namespace mombridge::amqp::test
