#include "broker/amqp/connection.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kReadBuffer = 256 << 10;  ///< room for a whole frame and much of the next ones
constexpr size_t kFrameMax = 131072;
constexpr size_t kFrameOverhead = 8;  ///< type, channel, size, end
constexpr size_t kMethodBuffer = 16 << 10;
constexpr size_t kKeepOut = 1 << 20;  ///< a write buffer that grew beyond this is given back when it is empty

int open_socket(const Address& address) {
  int fd = ::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;
  // Not TCP_USER_TIMEOUT: it also ends a connection whose peer is there and does not read, as RabbitMQ does not during
  // an alarm. A peer that vanished without a word is found by its missing heartbeats.
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  return fd;
}

}  // namespace

Connection::Connection(EventLoop& loop, const Settings& settings, std::string role, ConnectionUser& user)
    : loop_(loop), settings_(settings), role_(std::move(role)), user_(user) {
  init_amqp_pool(&pool_, 4096);
}

Connection::~Connection() {
  close();
  empty_amqp_pool(&pool_);
}

void Connection::open() {
  close();
  target_ = &settings_.endpoints[next_endpoint_++ % settings_.endpoints.size()];
  endpoint_text_ = target_->host + ":" + target_->port;
  last_error_.clear();
  end_ = End::lost;
  close_code_ = 0;
  state_ = State::resolving;
  deadline_ = loop_.after(settings_.connect_timeout, [this] {
    deadline_ = 0;
    fail_with(last_error_.empty() ? "no answer within the connect_timeout" : last_error_);
  });
  resolution_ = std::make_unique<Resolution>(loop_, target_->host, target_->port,
                                             [this](auto addresses) { resolved(std::move(addresses)); });
}

void Connection::resolved(Result<std::vector<Address>> addresses) {
  if (!addresses) return fail_with(addresses.error().text);
  addresses_ = std::move(*addresses);
  next_address_ = 0;
  connect_next();
}

void Connection::connect_next() {
  if (watched_) loop_.unwatch(socket_.get());
  watched_ = false;
  socket_.reset();
  while (next_address_ < addresses_.size()) {
    auto& address = addresses_[next_address_++];
    socket_ = Fd(open_socket(address));
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
        errno != EINPROGRESS) {
      last_error_ = std::strerror(errno);
      continue;
    }
    state_ = State::connecting;
    events_ = EPOLLOUT;
    watched_ = true;
    give_each_address_its_time();
    return loop_.watch(socket_.get(), events_, [this](uint32_t events) { socket_event(events); });
  }
  fail_with("cannot connect to " + endpoint_text_ + ": " + last_error_);
}

// A name may have several addresses, and one that swallows packets must not use up the time of the others.
void Connection::give_each_address_its_time() {
  loop_.cancel(std::exchange(address_deadline_, 0));
  if (next_address_ == addresses_.size()) return;
  auto time = settings_.connect_timeout / (2 * static_cast<int64_t>(addresses_.size()));
  address_deadline_ = loop_.after(time, [this] {
    address_deadline_ = 0;
    last_error_ = std::strerror(ETIMEDOUT);
    connect_next();
  });
}

void Connection::socket_event(uint32_t events) {
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error) return connected();
    last_error_ = std::strerror(error);
    return connect_next();
  }
  auto epoch = epoch_;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read();
  if (epoch == epoch_ && events & EPOLLOUT) flush();
}

void Connection::connected() {
  loop_.cancel(std::exchange(address_deadline_, 0));
  state_ = State::starting;
  frame_max_ = kFrameMax;
  if (!in_) in_ = std::make_unique_for_overwrite<char[]>(kReadBuffer);
  in_size_ = 0;
  paused_ = false;
  out_.clear();
  out_.append("AMQP\0\0\x09\x01", 8);
  out_at_ = 0;
  last_received_ = last_sent_ = Clock::now();
  flush();
}

void Connection::read() {
  // One read a round: level-triggered, so that acks and publishes get their turn under load.
  ssize_t n = ::recv(socket_.get(), in_.get() + in_size_, kReadBuffer - in_size_, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) return fail_with(std::string("connection lost: ") + std::strerror(errno));
  if (n == 0) {
    // Without authentication_failure_close, and in old brokers, a refused login is just a closed socket.
    if (state_ == State::tuning) end_ = End::login_refused;
    return fail_with(state_ == State::tuning ? "the broker closed the connection at login: wrong user or password?"
                                             : "the broker closed the connection");
  }
  last_received_ = loop_.round_began();
  in_size_ += static_cast<size_t>(n);
  auto epoch = epoch_;
  size_t used = parse({in_.get(), in_size_});
  if (epoch != epoch_) return;
  in_size_ -= used;
  if (in_size_ && used) std::memmove(in_.get(), in_.get() + used, in_size_);
}

size_t Connection::parse(std::string_view bytes) {
  size_t used = 0;
  auto epoch = epoch_;
  while (bytes.size() - used >= 7) {
    Reader header(bytes.substr(used, 7));
    auto type = header.octet();
    auto channel = header.number<uint16_t>();
    size_t size = header.number<uint32_t>();
    // The server's answer to a protocol version that it does not speak begins with "AMQP".
    if (state_ == State::starting && bytes.substr(used, 4) == "AMQP")
      return fail_with("the broker does not speak AMQP 0-9-1"), 0;
    if (size + kFrameOverhead > frame_max_)
      return fail_with("a frame of " + std::to_string(size) + " bytes is larger than agreed"), 0;
    if (bytes.size() - used < size + kFrameOverhead) break;
    auto payload = bytes.substr(used + 7, size);
    if (static_cast<uint8_t>(bytes[used + 7 + size]) != AMQP_FRAME_END)
      return fail_with("a frame without its end mark"), 0;
    used += size + kFrameOverhead;
    if (!frame(type, channel, payload)) return fail_with("a frame of unknown type " + std::to_string(type)), 0;
    if (epoch != epoch_) return 0;
  }
  return used;
}

bool Connection::frame(uint8_t type, uint16_t channel, std::string_view payload) {
  if (channel && state_ < State::open) return false;  // users expect nothing before opened()
  switch (type) {
    case AMQP_FRAME_METHOD:
      method_frame(channel, payload);
      return true;
    case AMQP_FRAME_HEADER: {
      Reader in(payload);
      in.number<uint32_t>();  // class and weight: basic is the only class with content
      auto body_size = in.number<uint64_t>();
      if (!in.ok()) return false;
      user_.content_header(channel, body_size, payload.substr(12));
      return true;
    }
    case AMQP_FRAME_BODY:
      user_.content_body(channel, payload);
      return true;
    case AMQP_FRAME_HEARTBEAT:
      return true;
    default:
      return false;
  }
}

void Connection::method_frame(uint16_t channel, std::string_view payload) {
  Reader in(payload);
  amqp_method_number_t id = in.number<uint32_t>();
  auto arguments = payload.substr(std::min<size_t>(4, payload.size()));
  if (id == AMQP_BASIC_DELIVER_METHOD || id == AMQP_BASIC_ACK_METHOD)
    return user_.method(channel, id, nullptr, arguments);
  if (id == AMQP_CONNECTION_START_METHOD) return start(arguments);
  void* decoded = nullptr;
  recycle_amqp_pool(&pool_);
  if (amqp_decode_method(id, &pool_, bytes(arguments), &decoded) < 0)
    return fail_with("a method that cannot be decoded (" + std::to_string(id) + ")");
  channel ? user_.method(channel, id, decoded, arguments) : control(id, decoded);
}

void Connection::send(uint16_t channel, amqp_method_number_t id, void* method) {
  std::array<char, kMethodBuffer> buffer;
  int size = amqp_encode_method(id, method, {buffer.size(), buffer.data()});
  if (size < 0) return fail_with("a method does not fit its buffer");
  Writer writer(out_);
  writer.frame(AMQP_FRAME_METHOD, channel, sizeof(uint32_t) + static_cast<size_t>(size));
  writer.number(static_cast<uint32_t>(id));
  writer.raw({buffer.data(), static_cast<size_t>(size)});
  writer.octet(AMQP_FRAME_END);
}

void Connection::send(Buffer& frames) {
  if (pending()) return out_.append(frames.view());
  std::swap(out_, frames);
  out_at_ = 0;
}

void Connection::flush() {
  if (state_ < State::starting) return;
  while (pending()) {
    ssize_t n = ::send(socket_.get(), out_.data() + out_at_, pending(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return fail_with(std::string("connection lost: ") + std::strerror(errno));
    out_at_ += static_cast<size_t>(n);
    last_sent_ = loop_.round_began();
  }
  if (!pending()) {
    out_at_ = 0;
    out_.clear(kKeepOut);
  } else if (out_at_ > kKeepOut) {
    out_.erase_front(std::exchange(out_at_, 0));
  }
  update_events();
}

void Connection::pause_reading(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  // The silence was ours.
  if (!pause) last_received_ = Clock::now();
  update_events();
}

void Connection::update_events() {
  if (!watched_) return;
  uint32_t wanted = (paused_ ? 0u : EPOLLIN) | (pending() ? EPOLLOUT : 0u);
  if (wanted == events_) return;
  events_ = wanted;
  loop_.modify(socket_.get(), wanted);
}

}  // namespace mombridge::amqp
