#pragma once
// One client of the listener: its requests one after the other, each with its answer. A slow one costs a descriptor, a
// timer and a bounded buffer, and no thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "http_ingress/answer.hpp"
#include "http_ingress/open_requests.hpp"
#include "http_ingress/request_reader.hpp"

namespace mombridge::http_ingress {

/// What a client may take.
struct Limits {
  size_t head = 16 * 1024;                        ///< bytes of the request line and the headers
  Duration head_time = std::chrono::seconds(10);  ///< from its first byte to its end
  Duration body_time = std::chrono::seconds(60);
  Duration idle = std::chrono::seconds(60);    ///< between two requests
  Duration answer = std::chrono::seconds(10);  ///< for taking the answer
};

/// A request that may go on: whose head was found good.
struct Admission {
  Address address;
  OpenRequests::Place place;
};

/// [loop] All of it.
class Connection {
 public:
  class Owner {
   public:
    /// Judges a request by its head, before its body is read. `length`: of the body; absent where it comes in chunks.
    virtual tl::expected<Admission, Answer> judge(const RequestHead& head, std::optional<uint64_t> length) = 0;
    /// The request is there. answer() is to follow, now or later.
    virtual void received(Connection& connection, Admission admission, RequestHead head, std::string body) = 0;
    /// Something was sent that is no request.
    virtual Answer faulty(const RequestFault& fault) = 0;
    /// The client has closed the connection before the answer, or does not take it.
    virtual void unheard() = 0;
    [[nodiscard]] virtual uint64_t most_body() const = 0;
    /// Connections go on behind an answer.
    [[nodiscard]] virtual bool keeps() const = 0;
    /// The connection is over; destroys it.
    virtual void ended(Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  /// All but `fd` outlive this. Call start() or turn_away() then.
  Connection(EventLoop& loop, Fd fd, uint64_t number, const Limits& limits, Owner& owner);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// Answers without reading a request. The connection may be gone when this returns, as after the next two.
  void turn_away(const Answer& answer);
  /// [behind Owner::received()]
  void answer(const Answer& answer);
  /// No further request is taken: it ends now if it has none, and else behind its answer.
  void close_after_answer();
  /// Its request is not there yet, or its last answer is sent: little is lost where it ends now.
  [[nodiscard]] bool idle() const { return state_ == State::reading || state_ == State::closing; }
  [[nodiscard]] uint64_t number() const { return number_; }

 private:
  enum class State { reading, waiting, writing, closing };

  void ready(uint32_t events);
  void read();
  void go_on();
  void hand_over();
  bool judge();
  void refuse(const Answer& answer);
  void write();
  void written();
  [[nodiscard]] bool closed_by_client() const;
  void lose();
  void discard();
  void within(Duration time);
  void timed_out();

  EventLoop& loop_;
  Fd fd_;
  const uint64_t number_;
  const Limits& limits_;
  Owner& owner_;
  State state_ = State::reading;
  RequestReader reader_;
  Admission admission_;   ///< of the request whose body is being read
  bool keep_ = true;      ///< the connection goes on behind the present answer
  bool to_head_ = false;  ///< the present request is a HEAD
  bool lost_ = false;     ///< the client has gone without the answer
  std::string in_, out_;  ///< not read yet; the present answer
  size_t sent_ = 0;       ///< of the answer
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mombridge::http_ingress
