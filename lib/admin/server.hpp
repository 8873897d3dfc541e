#pragma once
// A listener with its connections, on a thread of its own.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "admin/acceptor.hpp"
#include "admin/connection.hpp"
#include "base/event_loop.hpp"

namespace mombridge::admin {

class Server final : private Connection::Owner {
 public:
  /// [the server's thread] Whole requests in, whole responses out, at once or later. `request` is valid during the
  /// call. Where the connection has ended meanwhile, nothing happens.
  using Respond = std::function<void(Response response)>;
  using Serve = std::function<void(std::string_view request, Respond respond)>;

  /// `name` is the thread's.
  Server(std::string name, ListeningSocket socket, const Limits& limits = {});
  ~Server();

  /// Fails where no thread can be made.
  [[nodiscard]] Result<> start(Serve serve);
  /// Ends all connections, and removes a unix socket's file.
  void stop();

  [[nodiscard]] EventLoop& loop() { return loop_; }

 private:
  void add(Fd fd);
  void make_room();
  void requested(Connection& connection, std::string_view request) override;
  void ended(Connection& connection) override;

  EventLoop loop_;
  Acceptor acceptor_;
  const Limits limits_;
  Serve serve_;
  uint64_t next_ = 0;
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;  ///< by their number: the oldest first
  std::map<const Connection*, uint64_t> numbers_;
  bool started_ = false;
};

}  // namespace mombridge::admin
