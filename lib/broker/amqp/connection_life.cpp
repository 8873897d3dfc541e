// What keeps a connection, and what ends it.

#include <utility>

#include "broker/amqp/connection.hpp"

namespace mombridge::amqp {

void Connection::await_heartbeat() {
  heartbeat_due_ = Clock::now() + heartbeat_interval_ / 2;
  heartbeat_timer_ = loop_.after(heartbeat_interval_ / 2, [this] { heartbeat(); });
}

void Connection::heartbeat() {
  auto now = Clock::now();
  // So late a timer means that this process or the whole machine stood still, a broker on it too: what the broker would
  // have said may be on its way. A connection that it has given up meanwhile ends by itself.
  if (now - heartbeat_due_ > heartbeat_interval_ / 2) last_received_ = now;
  if (!paused_ && now - last_received_ > 2 * heartbeat_interval_)
    return fail_with("no sign of life from the broker for two heartbeats");
  if (now - last_sent_ >= heartbeat_interval_ / 2 && !pending()) {
    Writer writer(out_);
    writer.frame(AMQP_FRAME_HEARTBEAT, 0, 0);
    writer.octet(AMQP_FRAME_END);
    auto epoch = epoch_;
    flush();
    if (epoch != epoch_) return;
  }
  await_heartbeat();
}

void Connection::close() {
  ++epoch_;
  for (auto* timer : {&deadline_, &address_deadline_, &heartbeat_timer_, &go_on_})
    loop_.cancel(std::exchange(*timer, 0));
  resolution_.reset();
  if (watched_) loop_.unwatch(socket_.get());
  watched_ = false;
  socket_.reset();
  out_.clear();
  out_at_ = 0;
  state_ = State::closed;
}

void Connection::fail_with(Error why) {
  if (state_ == State::closed) return;
  close();
  user_.closed(why);
}

// The other end closed or reset the connection: how much that says depends on how far we were. `how`: the system's
// words, where it has any.
void Connection::lost(const std::string& how) {
  auto in_words = how.empty() ? std::string() : " (" + how + ")";
  switch (state_) {
    case State::starting:
      return fail_with("cannot connect to " + endpoint_text_ + ": closed before the AMQP handshake" + in_words +
                       ": is this RabbitMQ's port?");
    case State::tuning:
      // Without authentication_failure_close, and in old brokers, a refused login is just a closed socket.
      end_ = End::login_refused;
      return fail_with(Error{"the broker closed the connection at login: wrong user or password?", true});
    case State::opening:
      return fail_with(Error{"the broker closed the connection while the vhost was opened" + in_words, true});
    default:
      return fail_with(Error{how.empty() ? "the broker closed the connection" : "connection lost: " + how, true});
  }
}

void Connection::say_goodbye() {
  if (state_ != State::open) {
    close();
    return user_.closed({"stopped"});
  }
  state_ = State::goodbye;
  pause_reading(false);
  amqp_connection_close_t method{
      .reply_code = AMQP_REPLY_SUCCESS, .reply_text = bytes("stopping"), .class_id = 0, .method_id = 0};
  send(0, AMQP_CONNECTION_CLOSE_METHOD, &method);
  flush();
}

}  // namespace mombridge::amqp
