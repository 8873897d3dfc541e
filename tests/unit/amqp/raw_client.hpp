#pragma once
// A plain client of a real RabbitMQ that may send what no library would.

#include <string>
#include <string_view>

#include "broker/amqp/settings.hpp"
#include "frame_socket.hpp"

namespace mombridge::amqp::test {

/// The live broker that MOMBRIDGE_TEST_AMQP names; its host empty where there is none.
Endpoint live_broker();
/// Why tests with the live broker are to be skipped; empty: they run.
std::string no_live_broker();

/// Logged in, channel 1 open. Throws where that cannot be had. Every call waits for the broker's answer.
class RawClient {
 public:
  explicit RawClient(const Endpoint& endpoint = live_broker());
  /// `arguments`: the entries of a table.
  void declare_queue(const std::string& name, bool durable = true, std::string_view arguments = {},
                     bool exclusive = false);
  void delete_queue(const std::string& name);
  void declare_exchange(const std::string& name, const std::string& type);
  void delete_exchange(const std::string& name);
  /// Messages that are ready; the queue exists.
  size_t messages(const std::string& queue);
  /// `properties`: flags and values. Returns when the broker has confirmed it.
  void publish(const std::string& exchange, const std::string& key, std::string_view properties, std::string_view body);
  /// Sends a method and waits for `answer`; throws with the broker's words where it closes instead.
  Frame call(uint32_t method, std::string_view arguments, uint32_t answer);

 private:
  void login(const Endpoint& endpoint);
  FrameSocket socket_;
  bool confirms_ = false;
};

}  // namespace mombridge::amqp::test
