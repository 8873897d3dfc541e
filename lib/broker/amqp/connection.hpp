#pragma once
// One AMQP connection on a socket of our own: channels, login, heartbeats, and how it ended.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "broker/amqp/channels.hpp"
#include "broker/amqp/connector.hpp"
#include "broker/amqp/frame_stream.hpp"
#include "broker/amqp/handshake.hpp"
#include "broker/amqp/heartbeat.hpp"
#include "broker/amqp/methods.hpp"
#include "broker/amqp/settings.hpp"
#include "broker/amqp/token_login.hpp"
#include "broker/amqp/wire.hpp"

namespace mombridge::amqp {

/// What a connection tells its user, all on the loop's thread. Any of these may call close().
class ConnectionUser {
 public:
  virtual void opened() = 0;
  /// It could not be opened, broke, or was closed by the server. Not after a close() of the user's own.
  virtual void closed(const Error& error) = 0;
  /// The broker takes nothing that is published (an alarm), until unblocked().
  virtual void blocked(const std::string& reason) { static_cast<void>(reason); }
  virtual void unblocked() {}

 protected:
  ~ConnectionUser() = default;
};

/// How a connection ended.
struct ConnectionEnd {
  enum class Kind : uint8_t {
    lost,           ///< it broke, or the broker closed it for a reason of its own
    blamed,         ///< the broker closed it for something that we sent (a code from 500 on)
    login_refused,  ///< user, password or vhost were not accepted
    limited,        ///< the broker has as many connections or channels as its vhost, this user or its node may have
  };
  Kind kind = Kind::lost;
  unsigned code = 0;                ///< of the broker's connection.close; 0: none came
  amqp_method_number_t method = 0;  ///< the method of ours that connection.close names; 0: none

  [[nodiscard]] bool blamed() const { return kind == Kind::blamed; }
  [[nodiscard]] bool limited() const { return kind == Kind::limited; }
  /// The broker closed it with this code for this method of ours.
  [[nodiscard]] bool because_of(unsigned close_code, amqp_method_number_t ours) const {
    return code == close_code && method == ours;
  }
  /// No further login would be accepted now.
  [[nodiscard]] bool login_refused() const { return kind == Kind::login_refused || kind == Kind::limited; }
  /// The least wait before the next login, where `longest` is the longest one: to try sooner would be hammering. A
  /// limit of connections may be over soon; a login that is refused waits until somebody has mended something.
  [[nodiscard]] Duration least_wait(Duration longest) const {
    if (!login_refused()) return Duration::zero();
    return limited() ? Duration(std::chrono::seconds(1)) : std::max<Duration>(longest, std::chrono::seconds(1));
  }
};

/// Lives through any number of attempts, one at a time. Belongs to the loop's thread.
class Connection final : private FrameStream::User {
 public:
  /// `role`: as Handshake's. All references outlive this.
  /// `tokens`: where its logins get their tokens from; null: it logs in with the settings' passwords.
  Connection(EventLoop& loop, const Settings& settings, std::string role, ConnectionUser& user,
             ConnectorMeans means = {}, token::Source* tokens = nullptr);
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// One attempt, at the next of the endpoints; ends with opened() or closed().
  void open();
  /// Drops the connection at once; the server gives back what was not acknowledged.
  void close();
  /// Sends connection.close: closed() comes when the server has answered, or at once where there is no connection.
  /// What still comes is of no use to its user, so that reading goes on even where it was paused.
  void close_in_order();

  /// There is another token: the broker gets it, where the connection is open.
  void renew_login();
  [[nodiscard]] TokenLogin& token_login() { return token_login_; }

  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  /// Why it ended, until the next open().
  [[nodiscard]] const ConnectionEnd& end() const { return end_; }
  /// "host:port" of the present attempt, or of the last one.
  [[nodiscard]] const std::string& endpoint() const { return connector_.endpoint_text(); }
  [[nodiscard]] const Handshake::Agreed& agreed() const { return handshake_.agreed(); }

  /// Sends channel.open; what comes on this channel goes to `user`, which outlives the connection or its next channel
  /// of this number. `channel`: 1 to the channel_max that was agreed.
  void open_channel(uint16_t channel, ChannelUser& user);
  /// Appends one method frame. A closed connection takes nothing; one that does not fit a frame closes it.
  void send(uint16_t channel, amqp_method_number_t id, void* method);
  /// As FrameStream's.
  [[nodiscard]] OutFrames& out() { return stream_.out(); }
  [[nodiscard]] const OutFrames& out() const { return stream_.out(); }
  /// Call before every sleep of the loop.
  void flush() { stream_.flush(); }
  void pause_reading(bool pause) { stream_.pause_reading(pause); }
  [[nodiscard]] bool has_more() const { return stream_.has_more(); }

 private:
  enum class State : uint8_t { closed, connecting, login, open, closing };

  void frame(const Frame& frame) override;
  std::span<char> body_room(uint16_t channel, size_t size) override { return channels_.content_room(channel, size); }
  void lost(const std::string& how) override;
  void garbled(const std::string& why) override;

  /// What speaks there instead of AMQP; empty: nothing that is known so.
  [[nodiscard]] std::string other_protocol() const;
  void connected(Result<std::unique_ptr<Transport>> transport);
  void timed_out();
  void cannot_log_in(const Error& why);
  Result<> control(const Frame& frame);
  Result<> login(const MethodBytes& method);
  void closed_by_broker(const amqp_connection_close_t& close);
  void await_heartbeat();
  void fail_with(Error why);
  void fail_with(std::string why) { fail_with(Error{std::move(why)}); }

  EventLoop& loop_;
  const Settings& settings_;
  ConnectionUser& user_;
  State state_ = State::closed;
  ConnectionEnd end_;
  uint64_t epoch_ = 0;  ///< counts open() and close(): shows after a call that the connection is another one
  Connector connector_;
  FrameStream stream_;
  Handshake handshake_;
  TokenLogin token_login_;
  Heartbeat heartbeat_;
  MethodDecoder decoder_;
  Channels channels_;
  EventLoop::TimerId deadline_ = 0, heartbeat_timer_ = 0;
};

}  // namespace mombridge::amqp
