#include "amqp_connection.hpp"

#include <cstring>
#include <endian.h>
#include <unistd.h>

#include <amqp_tcp_socket.h>

namespace bare {

namespace {

constexpr size_t kReadAtOnce = 256 << 10;
constexpr int kFrameMax = 131'072;
constexpr size_t kFrameHead = 7, kFrameEnd = 1;
constexpr size_t kContentHead = 12;     ///< class, weight and size, before the properties
constexpr size_t kLargestMethod = 600;  ///< basic.publish with two short strings of 255 bytes
constexpr int kFarewellMs = 2000;

template <class Number>
char* put(char* at, Number big_endian) {
  std::memcpy(at, &big_endian, sizeof big_endian);
  return at + sizeof big_endian;
}

}  // namespace

AmqpConnection::AmqpConnection(const std::string& url) : in_(kReadAtOnce) {
  std::string copy = url;
  amqp_connection_info info;
  if (amqp_parse_url(copy.data(), &info) != AMQP_STATUS_OK) give_up("no AMQP URL: " + url);
  connection_ = amqp_new_connection();
  auto* socket = amqp_tcp_socket_new(connection_);
  if (amqp_socket_open(socket, info.host, info.port) != AMQP_STATUS_OK) give_up("cannot connect to " + url);
  // To rabbitmq-c a trailing slash names the vhost ""; to everybody else it means the default one.
  const char* vhost = *info.vhost ? info.vhost : "/";
  if (amqp_login(connection_, vhost, 0, kFrameMax, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password).reply_type !=
      AMQP_RESPONSE_NORMAL)
    give_up("RabbitMQ refuses the login");
  amqp_channel_open(connection_, kChannel);
  expect_ok("channel.open");
  fd_ = amqp_get_sockfd(connection_);
  frame_max_ = static_cast<size_t>(amqp_get_frame_max(connection_));
}

AmqpConnection::~AmqpConnection() {
  ::shutdown(fd_, SHUT_RDWR);  // otherwise the library would say good-bye once more, and wait
  amqp_destroy_connection(connection_);
}

void AmqpConnection::expect_ok(const char* what) const {
  if (amqp_get_rpc_reply(connection_).reply_type != AMQP_RESPONSE_NORMAL)
    give_up(std::string("RabbitMQ refuses ") + what);
}

void AmqpConnection::method(amqp_channel_t channel, amqp_method_number_t id, void* fields) {
  auto space = begin_frame(kLargestMethod);
  auto* fields_at = put(static_cast<char*>(space.bytes), htobe32(id));
  int size = amqp_encode_method(id, fields, {space.len - sizeof id, fields_at});
  if (size < 0) give_up(std::string("a method: ") + amqp_error_string2(size));
  end_frame(AMQP_FRAME_METHOD, channel, sizeof id + static_cast<size_t>(size));
}

void AmqpConnection::encoded(std::string_view frames) {
  auto space = begin_frame(frames.size());
  std::memcpy(static_cast<char*>(space.bytes) - kFrameHead, frames.data(), frames.size());
  end_ += frames.size();
}

void AmqpConnection::content(amqp_basic_properties_t& properties, std::string_view body) {
  auto space = begin_frame(frame_max_);
  auto* at = put(static_cast<char*>(space.bytes), htobe16(AMQP_BASIC_CLASS));
  at = put(at, uint16_t{0});
  at = put(at, htobe64(body.size()));
  int size = amqp_encode_properties(AMQP_BASIC_CLASS, &properties, {space.len - kContentHead, at});
  if (size < 0) give_up(std::string("properties: ") + amqp_error_string2(size));
  end_frame(AMQP_FRAME_HEADER, kChannel, kContentHead + static_cast<size_t>(size));

  for (size_t most = frame_max_ - kFrameHead - kFrameEnd; !body.empty();) {
    auto part = body.substr(0, most);
    std::memcpy(begin_frame(part.size()).bytes, part.data(), part.size());
    end_frame(AMQP_FRAME_BODY, kChannel, part.size());
    body.remove_prefix(part.size());
  }
}

std::string AmqpConnection::take_encoded() {
  std::string frames(out_.data() + begin_, unsent());
  begin_ = end_ = 0;
  return frames;
}

amqp_bytes_t AmqpConnection::begin_frame(size_t size) {
  auto wanted = kFrameHead + size + kFrameEnd;
  if (end_ + wanted > out_.size()) {
    // Moved only where little is left: otherwise each byte would be copied once more.
    if ((unsent() + wanted) * 4 > out_.size()) out_.resize((unsent() + wanted) * 8);
    std::memmove(out_.data(), out_.data() + begin_, unsent());
    end_ -= begin_;
    begin_ = 0;
  }
  return {size, out_.data() + end_ + kFrameHead};
}

void AmqpConnection::end_frame(uint8_t type, amqp_channel_t channel, size_t size) {
  auto* at = put(out_.data() + end_, type);
  at = put(at, htobe16(channel));
  at = put(at, htobe32(static_cast<uint32_t>(size)));
  put(at + size, uint8_t{AMQP_FRAME_END});
  end_ += kFrameHead + size + kFrameEnd;
}

void AmqpConnection::flush() {
  while (unsent()) {
    auto written = ::send(fd_, out_.data() + begin_, unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      give_up("RabbitMQ has closed the connection");
    }
    begin_ += static_cast<size_t>(written);
  }
  begin_ = end_ = 0;
}

void AmqpConnection::close() {
  amqp_connection_close_t close{AMQP_REPLY_SUCCESS, amqp_empty_bytes, 0, 0};
  method(0, AMQP_CONNECTION_CLOSE_METHOD, &close);
  flush();
  // What still comes is of no interest. RabbitMQ ends the connection when it has read all.
  for (pollfd waits{fd_, POLLIN, 0}; ::poll(&waits, 1, kFarewellMs) > 0;)
    if (::recv(fd_, in_.data(), in_.size(), MSG_DONTWAIT) <= 0) return;
}

pollfd AmqpConnection::waits_for(bool reading) const {
  return {fd_, static_cast<short>((reading ? POLLIN : 0) | (unsent() ? POLLOUT : 0)), 0};
}

void AmqpConnection::look_for_close(const amqp_method_t& method) {
  auto said = [](amqp_bytes_t text) { return std::string(static_cast<char*>(text.bytes), text.len); };
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
    give_up("RabbitMQ closes the channel: " + said(static_cast<amqp_channel_close_t*>(method.decoded)->reply_text));
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
    give_up("RabbitMQ closes the connection: " +
            said(static_cast<amqp_connection_close_t*>(method.decoded)->reply_text));
}

}  // namespace bare
