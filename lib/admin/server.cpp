#include "admin/server.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace mombridge::admin {

namespace {

constexpr int kAcceptsAtOnce = 32;

}  // namespace

Server::Server(std::string name, ListeningSocket socket, const Limits& limits)
    : loop_(std::move(name)),
      acceptor_(loop_, std::move(socket), kAcceptsAtOnce, [this](Fd fd) { add(std::move(fd)); }),
      limits_(limits) {}

Server::~Server() { stop(); }

Result<> Server::start(Serve serve) {
  serve_ = std::move(serve);
  acceptor_.start();
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
  acceptor_.close();
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

// Who opens connections and says nothing must not keep out who has something to ask.
void Server::make_room() {
  auto oldest = std::ranges::find_if(connections_, [](auto& entry) { return entry.second->idle(); });
  if (oldest != connections_.end()) ended(*oldest->second);
}

void Server::requested(Connection& connection, std::string_view request) {
  serve_(request, [this, number = numbers_.at(&connection)](Response response) {
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
