#include "admin/server.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include "base/log.hpp"

namespace mombridge::admin {

namespace {

constexpr int kAcceptsAtOnce = 32;
/// Without descriptors the listener stays ready, and only time helps.
constexpr Duration kPause = std::chrono::milliseconds(200);

}  // namespace

Server::Server(std::string name, ListeningSocket socket, const Limits& limits)
    : loop_(std::move(name)), socket_(std::move(socket)), limits_(limits) {}

Server::~Server() { stop(); }

Result<> Server::start(Serve serve) {
  serve_ = std::move(serve);
  loop_.watch(socket_.fd(), EPOLLIN, [this](uint32_t) { accept(); });
  try {
    loop_.start();
  } catch (const std::exception& e) {
    return fail(e.what());
  }
  started_ = true;
  return {};
}

void Server::stop() {
  if (std::exchange(started_, false)) loop_.stop();
  connections_.clear();
  numbers_.clear();
  socket_.close();
}

void Server::accept() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    Fd fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      add(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return pause();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Server::add(Fd fd) {
  if (connections_.size() >= limits_.connections) make_room();
  if (connections_.size() >= limits_.connections) return;
  auto number = ++next_;
  Connection::Owner& owner = *this;
  auto connection = std::make_unique<Connection>(loop_, std::move(fd), limits_, owner);
  auto& added = *connection;
  numbers_.emplace(&added, number);
  connections_.emplace(number, std::move(connection));
  added.start();
}

void Server::pause() {
  static log::Repeated line;
  line.event(log::Level::warn, "an HTTP connection cannot be taken",
             {{"listener", loop_.name()}, {"reason", std::generic_category().message(errno)}});
  loop_.modify(socket_.fd(), 0);
  loop_.after(kPause, [this] { loop_.modify(socket_.fd(), EPOLLIN); });
}

// Who opens connections and says nothing must not keep out who has something to ask.
void Server::make_room() {
  auto oldest = std::ranges::find_if(connections_, [](auto& entry) { return entry.second->idle(); });
  if (oldest != connections_.end()) ended(*oldest->second);
}

void Server::requested(Connection& connection, std::string_view request) {
  serve_(request, [this, number = numbers_.at(&connection)](std::string response) {
    auto found = connections_.find(number);
    if (found != connections_.end()) found->second->respond(std::move(response));
  });
}

void Server::ended(Connection& connection) {
  auto number = numbers_.find(&connection);
  connections_.erase(number->second);
  numbers_.erase(number);
}

}  // namespace mombridge::admin
