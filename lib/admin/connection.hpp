#pragma once
// One connection of a listener: takes one request, sends one response, closes. Slow peers cost a descriptor and a
// timer, and no thread.

#include <string>
#include <string_view>

#include "base/event_loop.hpp"

namespace mombridge::admin {

/// What a peer may take.
struct Limits {
  size_t connections = 64;  ///< at a time; of those that have not sent their request, the oldest makes room
  size_t head = 8 * 1024;   ///< bytes of the request line and the headers
  Duration request = std::chrono::seconds(5);    ///< from connecting to the end of the headers
  Duration response = std::chrono::seconds(10);  ///< for taking the response
};

/// [loop] All of it.
class Connection {
 public:
  class Owner {
   public:
    /// The request is there, up to the empty line; valid during the call. respond() is to follow, now or later.
    virtual void requested(Connection& connection, std::string_view request) = 0;
    /// The connection is over; destroys it.
    virtual void ended(Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  /// All but `fd` outlive this. Call start() then.
  Connection(EventLoop& loop, Fd fd, const Limits& limits, Owner& owner);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// May end it: the connection may be gone when this returns.
  void respond(std::string response);
  /// Its request is not there yet, or its response is sent: little is lost where it ends now.
  [[nodiscard]] bool idle() const { return state_ == State::reading || state_ == State::closing; }

 private:
  enum class State { reading, waiting, writing, closing };

  void ready();
  void read();
  void write();
  void discard();
  void close_after(Duration patience);
  void timed_out();

  EventLoop& loop_;
  Fd fd_;
  const Limits& limits_;
  Owner& owner_;
  State state_ = State::reading;
  std::string request_, response_;
  size_t written_ = 0;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::admin
