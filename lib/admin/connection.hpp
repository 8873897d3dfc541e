#pragma once
// One connection of a listener: takes one request, sends one response, which may go on for as long as there is more to
// say, and closes. Slow peers cost a descriptor and a timer, and no thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/event_loop.hpp"

namespace mombridge::admin {

/// What a peer may take.
struct Limits {
  size_t connections = 64;  ///< at a time; of those that have not sent their request, the oldest makes room
  size_t head = 8 * 1024;   ///< bytes of the request line and the headers
  Duration request = std::chrono::seconds(5);    ///< from connecting to the end of the headers
  Duration response = std::chrono::seconds(10);  ///< for taking the response
  Duration part = std::chrono::minutes(1);       ///< for taking a part of a stream
};

/// What a response goes on with behind its head. It ends with the connection, or ends that. [the server's thread]
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;
  /// What has come since the last call; asked for when the peer has taken all before it, so that a slow peer costs no
  /// memory here. Empty: nothing yet. Absent: there will be nothing more.
  [[nodiscard]] virtual std::optional<std::string> more() = 0;
};

struct Response {
  Response(std::string whole) : text(std::move(whole)) {}  // NOLINT(google-explicit-constructor): most are just that
  Response(std::string head, std::shared_ptr<Stream> then) : text(std::move(head)), stream(std::move(then)) {}

  std::string text;
  std::shared_ptr<Stream> stream;  ///< null: the text is all of it
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
  void respond(Response response);
  /// Its request is not there yet, or its response is sent: little is lost where it ends now.
  [[nodiscard]] bool idle() const { return state_ == State::reading || state_ == State::closing; }

 private:
  enum class State { reading, waiting, writing, between, closing };  // between: two parts of a stream

  void ready();
  void read();
  void write();
  void written();
  void go_on();
  void end();
  void discard();
  void close_after(Duration patience);
  void timed_out();

  EventLoop& loop_;
  Fd fd_;
  const Limits& limits_;
  Owner& owner_;
  State state_ = State::reading;
  std::string request_, response_;
  std::shared_ptr<Stream> stream_;  ///< null: what is in `response_` is the end
  size_t written_ = 0;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::admin
