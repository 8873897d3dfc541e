#include "broker/amqp/connection.hpp"

#include <utility>

#include "base/text.hpp"
#include "broker/amqp/other_protocol.hpp"

namespace mombridge::amqp {

namespace {

// The broker's own words, and what to do about them.
std::string limit_reached(const std::string& why, const Settings& settings) {
  return "closed by the broker: " + why + "; this bridge " + connections_needed(settings) +
         ": raise the limit, or subscribe to less";
}

// What to do about a login that the broker refused in these words; may be empty.
std::string remedy(const std::string& why, const Endpoint& endpoint, const Settings& settings) {
  auto says = [&](const char* words) { return why.find(words) != std::string::npos; };
  auto user = settings.token          ? std::string("the token's user")
              : endpoint.user.empty() ? std::string("the certificate's user")
                                      : "user '" + endpoint.user + "'";
  if (says("ACCESS_REFUSED") && settings.token)
    return "; is the token signed by a key that RabbitMQ knows, and is its audience RabbitMQ's resource_server_id? "
           "RabbitMQ's log says what it misses";
  if (says("ACCESS_REFUSED"))
    return settings.mechanism == Mechanism::external
               ? "; is there a user whom the client certificate names (ssl_cert_login_from)?"
               : "; is the password of " + user + " right? It is read again at each login";
  if (says("vhost") && says("not found")) return "; the vhost is what follows the host in the url";
  if (says("refused for user") && settings.token)
    return "; does a scope of the token allow the vhost '" + endpoint.vhost + "'?";
  if (says("refused for user"))
    return "; may " + user + " use the vhost? rabbitmqctl set_permissions -p '" + endpoint.vhost + "' …";
  return {};
}

}  // namespace

Connection::Connection(EventLoop& loop, const Settings& settings, std::string role, ConnectionUser& user,
                       ConnectorMeans means, token::Source* tokens)
    : loop_(loop),
      settings_(settings),
      user_(user),
      connector_(loop, settings, std::move(means)),
      stream_(loop, *this),
      handshake_(settings, std::move(role)),
      token_login_(tokens) {}

void Connection::open() {
  close();
  end_ = {};
  state_ = State::connecting;
  if (auto ready = token_login_.ready(); !ready) return cannot_log_in(ready.error());
  deadline_ = loop_.after(settings_.connect_timeout, [this] {
    deadline_ = 0;
    timed_out();
  });
  connector_.begin([this](auto transport) { connected(std::move(transport)); });
}

void Connection::connected(Result<std::unique_ptr<Transport>> transport) {
  if (!transport) return fail_with(transport.error());
  std::optional<Secret> token;
  if (token_login_) {
    auto taken = token_login_.log_in();
    if (!taken) return cannot_log_in(taken.error());
    token = std::move(*taken);
  }
  state_ = State::login;
  stream_.open(std::move(*transport));
  handshake_.begin(connector_.endpoint(), stream_.out().bytes(), std::move(token));
  stream_.flush();
}

void Connection::cannot_log_in(const Error& why) {
  end_.kind = ConnectionEnd::Kind::login_refused;
  fail_with(why);
}

void Connection::renew_login() {
  if (state_ != State::open) return;
  auto token = token_login_.update();
  if (!token) return;
  if (auto wrote = write_update_secret(out().bytes(), token->reveal(), "renewed", agreed().frame_max); !wrote)
    return fail_with(wrote.error());
  flush();
}

void Connection::timed_out() {
  if (auto& why = connector_.error(); !why.empty()) return fail_with(why);
  if (connector_.in_handshake())
    return fail_with("connected to " + endpoint() +
                     ", and the TLS handshake was not done within the connect_timeout: does this port speak TLS?");
  if (state_ == State::login && handshake_.stage() == Handshake::Stage::greeting)
    return fail_with("connected to " + endpoint() +
                     ", and no AMQP greeting within the connect_timeout: is this RabbitMQ's port?");
  fail_with("no answer within the connect_timeout");
}

void Connection::close() {
  ++epoch_;
  for (auto* timer : {&deadline_, &heartbeat_timer_}) loop_.cancel(std::exchange(*timer, 0));
  connector_.cancel();
  stream_.close();
  channels_.clear();
  state_ = State::closed;
}

void Connection::fail_with(Error why) {
  if (state_ == State::closed) return;
  close();
  user_.closed(why);
}

void Connection::close_in_order() {
  if (state_ != State::open) {
    close();
    return user_.closed({"stopped"});
  }
  state_ = State::closing;
  pause_reading(false);
  amqp_connection_close_t method{
      .reply_code = AMQP_REPLY_SUCCESS, .reply_text = bytes("stopping"), .class_id = 0, .method_id = 0};
  send(0, AMQP_CONNECTION_CLOSE_METHOD, &method);
  flush();
}

void Connection::open_channel(uint16_t channel, ChannelUser& user) {
  channels_.open(channel, user);
  amqp_channel_open_t open{};
  send(channel, AMQP_CHANNEL_OPEN_METHOD, &open);
}

void Connection::send(uint16_t channel, amqp_method_number_t id, void* method) {
  if (!stream_.is_open()) return;
  if (auto wrote = write_method(stream_.out().bytes(), channel, id, method, agreed().frame_max); !wrote)
    fail_with(wrote.error());
}

// How much the end of the stream says depends on how far the login was.
void Connection::lost(const std::string& how) {
  auto in_words = how.empty() ? std::string() : " (" + how + ")";
  if (state_ == State::open || state_ == State::closing)
    return fail_with(Error{how.empty() ? "the broker closed the connection" : "connection lost: " + how, true});
  switch (handshake_.stage()) {
    case Handshake::Stage::greeting: {
      auto what = other_protocol();
      // With TLS 1.3 a client certificate is refused after the handshake, here.
      bool refused = connector_.endpoint().tls && !how.empty();
      if (refused) end_.kind = ConnectionEnd::Kind::login_refused;
      if (what.empty())
        what = refused ? how : "closed before the AMQP handshake" + in_words + ": is this RabbitMQ's port?";
      return fail_with("cannot connect to " + endpoint() + ": " + what);
    }
    case Handshake::Stage::tuning:
      // Without authentication_failure_close, and in old brokers, a refused login is just a closed socket.
      end_.kind = ConnectionEnd::Kind::login_refused;
      return fail_with(Error{"the broker closed the connection at login: wrong user or password?", true});
    default:
      return fail_with(Error{"the broker closed the connection while the vhost was opened" + in_words, true});
  }
}

void Connection::garbled(const std::string& why) {
  auto what = other_protocol();
  fail_with(what.empty() ? why : "cannot connect to " + endpoint() + ": " + what);
}

// The first frame is a method of channel 0. Whatever else begins a stream, its first bytes say what it is.
std::string Connection::other_protocol() const {
  bool greeting = state_ == State::login && handshake_.stage() == Handshake::Stage::greeting;
  return greeting && !stream_.unread().empty() ? describe_other_protocol(stream_.unread()) : std::string();
}

void Connection::frame(const Frame& frame) {
  auto epoch = epoch_;
  auto taken = frame.channel ? channels_.take(frame) : control(frame);
  if (!taken && epoch == epoch_) fail_with(taken.error());
}

Result<> Connection::control(const Frame& frame) {
  if (frame.type == AMQP_FRAME_HEARTBEAT) return {};
  if (frame.type != AMQP_FRAME_METHOD) return unknown_frame(frame.type);
  auto method = split_method(frame.payload);
  if (method.id == AMQP_CONNECTION_START_METHOD || method.id == AMQP_CONNECTION_TUNE_METHOD ||
      method.id == AMQP_CONNECTION_OPEN_OK_METHOD)
    return login(method);
  if (method.id == kUpdateSecretOkMethod) return {};
  auto decoded = decoder_.decode(method.id, method.arguments);
  if (!decoded) return fail(decoded.error());
  switch (method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD:
      closed_by_broker(*static_cast<amqp_connection_close_t*>(*decoded));
      return {};
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
      return fail("stopped");
    case AMQP_CONNECTION_BLOCKED_METHOD:
      user_.blocked(printable(view(static_cast<amqp_connection_blocked_t*>(*decoded)->reason), 256));
      return {};
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      user_.unblocked();
      return {};
    default:
      return {};
  }
}

Result<> Connection::login(const MethodBytes& method) {
  if (auto taken = handshake_.take(method.id, method.arguments, stream_.out().bytes()); !taken) {
    // The mechanism is not offered, and will not be soon.
    if (handshake_.stage() == Handshake::Stage::greeting) end_.kind = ConnectionEnd::Kind::login_refused;
    return taken;
  }
  if (method.id == AMQP_CONNECTION_TUNE_METHOD) stream_.agree(agreed().frame_max);
  if (handshake_.stage() != Handshake::Stage::done) {
    stream_.flush();
    return {};
  }
  state_ = State::open;
  loop_.cancel(std::exchange(deadline_, 0));
  heartbeat_.begin(agreed().heartbeat, Clock::now());
  if (heartbeat_.wanted()) await_heartbeat();
  user_.opened();
  return {};
}

void Connection::closed_by_broker(const amqp_connection_close_t& close) {
  end_.code = close.reply_code;
  end_.method = static_cast<amqp_method_number_t>(close.class_id) << 16 | close.method_id;
  auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
  bool limited = close.reply_code == AMQP_NOT_ALLOWED && why.find("limit") != std::string::npos;
  if (limited)
    end_.kind = ConnectionEnd::Kind::limited;
  else if (state_ == State::login && handshake_.stage() != Handshake::Stage::greeting)
    end_.kind = ConnectionEnd::Kind::login_refused;
  else if (close.reply_code >= 500)
    end_.kind = ConnectionEnd::Kind::blamed;
  if (token_login_.run_out(close.reply_code, why)) why += TokenLogin::kAskedFor;
  amqp_connection_close_ok_t ok{};
  send(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
  auto epoch = epoch_;
  flush();
  if (epoch != epoch_) return;
  if (limited) return fail_with(limit_reached(why, settings_));
  fail_with("closed by the broker: " + why +
            (end_.login_refused() ? remedy(why, connector_.endpoint(), settings_) : ""));
}

void Connection::await_heartbeat() {
  heartbeat_timer_ = loop_.after(heartbeat_.period(), [this] {
    heartbeat_timer_ = 0;
    auto now = Clock::now();
    switch (heartbeat_.check(now, stream_.last_received(), stream_.last_sent(), stream_.reading(), out().size() > 0)) {
      case Heartbeat::Next::dead:
        return fail_with("no sign of life from the broker for two heartbeats");
      case Heartbeat::Next::beat: {
        Writer writer(out().bytes());
        writer.frame(AMQP_FRAME_HEARTBEAT, 0, 0);
        writer.octet(AMQP_FRAME_END);
        auto epoch = epoch_;
        flush();
        if (epoch != epoch_) return;
        break;
      }
      case Heartbeat::Next::nothing:
        break;
    }
    await_heartbeat();
  });
}

}  // namespace mombridge::amqp
