#pragma once
// One AMQP connection on a socket of our own: login, frames, heartbeats, batched writes. rabbitmq-c is the codec of
// methods; it never reads, writes or waits (its 0.11 blocks in calls that look harmless: rabbitmq-c #780, #519).

#include <memory>
#include <string>
#include <string_view>

#include <amqp.h>
#include <amqp_framing.h>

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/resolver.hpp"
#include "broker/amqp/settings.hpp"
#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

/// What a connection tells its user, all on the loop's thread. Any of these may call close().
class ConnectionUser {
 public:
  virtual void opened() = 0;
  /// It could not be opened, broke, or was closed by the server. Not after a close() of the user's own.
  virtual void closed(const Error& error) = 0;
  /// A method of a channel; basic.deliver and basic.ack, the frequent ones, are not decoded: `decoded` is null and
  /// `arguments` holds their bytes.
  virtual void method(uint16_t channel, amqp_method_number_t id, void* decoded, std::string_view arguments) = 0;
  /// `properties`: flags and values. Views are valid during the call only.
  virtual void content_header(uint16_t channel, uint64_t body_size, std::string_view properties) = 0;
  virtual void content_body(uint16_t channel, std::string_view part) = 0;
  virtual void blocked(const std::string& reason) = 0;
  virtual void unblocked() = 0;

 protected:
  ~ConnectionUser() = default;
};

/// The least wait after a login that was refused: knocking sooner would be hammering.
inline constexpr Duration kAfterRefusedLogin = std::chrono::seconds(1);

class Connection {
 public:
  /// `role` ("pub", "queue orders") stands beside the application's name in the broker's list of connections.
  Connection(EventLoop& loop, const Settings& settings, std::string role, ConnectionUser& user);
  ~Connection();

  /// [loop] Everything below. One attempt, at the next of the endpoints; ends with opened() or closed().
  void open();
  /// Drops the connection at once; the server gives back what was not acknowledged.
  void close();
  /// Says goodbye: closed() comes when the server has answered, or at once where there is no connection.
  /// What it still receives is of no use to anybody, so reading goes on even where it was paused.
  void say_goodbye();

  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  /// Why it ended, until the next open(). The broker closed it for something that we sent (a code from 500 on):
  [[nodiscard]] bool blamed() const { return end_ == End::blamed; }
  /// Of the broker's connection.close, 0 where none came.
  [[nodiscard]] unsigned close_code() const { return close_code_; }
  /// The broker closed it with this code for this method of ours.
  [[nodiscard]] bool closed_for(unsigned code, amqp_method_number_t method) const {
    return close_code_ == code && close_method_ == method;
  }
  /// User, password or vhost were not accepted, or no further connection is: knocking again at once would be hammering.
  [[nodiscard]] bool login_refused() const { return end_ == End::login_refused || end_ == End::limited; }
  /// The broker has as many connections or channels as its vhost, this user or its node may have.
  [[nodiscard]] bool limited() const { return end_ == End::limited; }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_text_; }
  [[nodiscard]] const std::string& server() const { return server_; }  ///< "RabbitMQ 3.10.8"
  [[nodiscard]] unsigned server_major() const { return server_major_; }
  /// Bytes of a whole frame that the broker takes.
  [[nodiscard]] size_t frame_max() const { return in_.frame_max(); }
  /// The highest channel number that may be opened.
  [[nodiscard]] uint16_t channel_max() const { return channel_max_; }

  /// Appends one method frame. A closed connection takes nothing; one that does not fit a frame closes it.
  void send(uint16_t channel, amqp_method_number_t id, void* method);
  /// Takes whole frames that the user has written elsewhere; leaves the buffer with bytes that mean nothing.
  void send(Buffer& frames);
  /// Where a user writes its own frames.
  [[nodiscard]] Buffer& out() { return out_; }
  /// Bytes that are not on their way yet.
  [[nodiscard]] size_t pending() const { return out_.size() - out_at_; }
  /// Writes what can be written without waiting; call before every sleep of the loop.
  void flush();
  /// Back-pressure: what the server sends stays in the kernel and, from there on, at the server. Also from within a
  /// callback: no further one comes then, whatever has been received already.
  void pause_reading(bool pause);

 private:
  enum class State { closed, resolving, connecting, starting, tuning, opening, open, goodbye };
  enum class End { lost, blamed, login_refused, limited };

  void resolved(Result<std::vector<Address>> addresses);
  void connect_next();
  void give_each_address_its_time();
  void connected();
  void socket_event(uint32_t events);
  void read();
  void take_frames();
  bool take(const Frame& frame);
  bool is_amqp();
  void lost(const std::string& how);
  void method_frame(uint16_t channel, std::string_view payload);
  void control(amqp_method_number_t id, void* decoded);
  void closed_by_broker(const amqp_connection_close_t& close);
  void start(std::string_view arguments);
  void tune(const amqp_connection_tune_t& tune);
  void await_heartbeat();
  void heartbeat();
  void fail_with(Error why);
  void fail_with(std::string why) { fail_with(Error{std::move(why)}); }
  void update_events();

  EventLoop& loop_;
  const Settings& settings_;
  std::string role_;
  ConnectionUser& user_;
  State state_ = State::closed;
  End end_ = End::lost;
  unsigned close_code_ = 0;  ///< of connection.close; 0: none came
  amqp_method_number_t close_method_ = 0;
  uint64_t epoch_ = 0;  ///< counts open() and close(): tells a callback's aftermath that the connection is another
  size_t next_endpoint_ = 0;
  const Endpoint* target_ = nullptr;
  std::string endpoint_text_, server_;
  unsigned server_major_ = 0;
  std::unique_ptr<Resolution> resolution_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  std::string last_error_;
  Fd socket_;
  bool watched_ = false, paused_ = false;
  uint32_t events_ = 0;
  EventLoop::TimerId deadline_ = 0, address_deadline_ = 0, heartbeat_timer_ = 0, go_on_ = 0;
  Duration heartbeat_interval_{};
  TimePoint last_received_{}, last_sent_{}, heartbeat_due_{};
  uint16_t channel_max_ = 0;
  FrameReader in_;
  Buffer out_;
  size_t out_at_ = 0;
  amqp_pool_t pool_{};
};

inline std::string_view view(const amqp_bytes_t& bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }
inline amqp_bytes_t bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

}  // namespace mombridge::amqp
