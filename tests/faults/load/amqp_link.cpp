#include "amqp_link.hpp"

#include <sstream>
#include <vector>

#include <amqp_tcp_socket.h>

namespace faults {

bool AmqpLink::open(const std::string& urls) {
  close();
  std::vector<std::string> nodes;
  std::istringstream parts(urls);
  for (std::string part; std::getline(parts, part, ',');) nodes.push_back(part);
  auto& url = nodes.at(tried_++ % nodes.size());
  several_ = nodes.size() > 1;
  int heartbeat = several_ ? 4 : 0;
  std::vector<char> copy(url.begin(), url.end());
  copy.push_back('\0');
  amqp_connection_info info;
  amqp_default_connection_info(&info);
  if (amqp_parse_url(copy.data(), &info) != AMQP_STATUS_OK) return false;
  // To rabbitmq-c a trailing slash names the vhost ""; to everybody else it means the default one.
  const char* vhost = *info.vhost ? info.vhost : "/";
  connection_ = amqp_new_connection();
  timeval patience{5, 0}, long_patience{20, 0};  // a consumer may have to wait for its queue to be led by somebody else
  amqp_set_rpc_timeout(connection_, &long_patience);
  amqp_set_handshake_timeout(connection_, &patience);
  auto* socket = amqp_tcp_socket_new(connection_);
  bool ok = amqp_socket_open_noblock(socket, info.host, info.port, &patience) == AMQP_STATUS_OK &&
            amqp_login(connection_, vhost, 0, 131072, heartbeat, AMQP_SASL_METHOD_PLAIN, info.user, info.password)
                    .reply_type == AMQP_RESPONSE_NORMAL &&
            amqp_channel_open(connection_, 1) && amqp_get_rpc_reply(connection_).reply_type == AMQP_RESPONSE_NORMAL;
  if (!ok) close();
  return ok;
}

void AmqpLink::close() {
  if (connection_) amqp_destroy_connection(connection_);
  connection_ = nullptr;
}

bool AmqpLink::next(amqp_frame_t& frame, int ms) {
  timeval wait{ms / 1000, ms % 1000 * 1000};
  int status = amqp_simple_wait_frame_noblock(connection_, &frame, &wait);
  if (status == AMQP_STATUS_TIMEOUT) return false;
  bool closed = frame.frame_type == AMQP_FRAME_METHOD && (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD ||
                                                          frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD);
  if (status == AMQP_STATUS_OK && !closed) return true;
  close();
  return false;
}

}  // namespace faults
