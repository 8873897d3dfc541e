#pragma once
// One thing that a broker is asked on a channel of its own.

#include <cstdint>
#include <string>

#include "broker/amqp/connection.hpp"

namespace mombridge::amqp {

/// The broker refuses by closing the channel. What begins with `try_` takes no effect on RabbitMQ, because it carries
/// an argument that is looked at after the permission and always refused: so 406 that names the argument is a yes, and
/// 403 is a no. Source: rabbit_channel.erl of 3.10, confirmed by tests/integration/test_check_connect.py.
struct Question {
  enum class Kind : uint8_t {
    declare_queue,
    look_up_queue,
    look_up_exchange,
    try_declare,  ///< kDeclareArgument is no number
    /// The same of a queue that exists, where kRedeclareArgument is compared after all others: what the configuration
    /// says otherwise than the queue is, comes first. Classic queues do not compare it, and say yes.
    try_redeclare,
    try_consume,  ///< kConsumeArgument is no number
    try_publish,  ///< the expiration is no number
    try_bind,     ///< unbinds what is not bound: the permissions are the same. The queue need not exist. Says yes
  };
  static constexpr const char* kDeclareArgument = "x-expires";
  static constexpr const char* kRedeclareArgument = "x-queue-leader-locator";
  static constexpr const char* kConsumeArgument = "x-priority";

  Kind kind;
  std::string name;                ///< of the queue; of the exchange where it is looked up or published to
  QueueDeclaration declaration{};  ///< of a queue that is declared
  std::string exchange{};          ///< to bind to
  std::string key{};               ///< routing key, to bind with or to publish with
  uint64_t messages = 0;           ///< the answer for a queue that was found: those that are ready in it
};

/// Sends the question on an open channel.
void write(const Question& question, Connection& connection, uint16_t channel);

}  // namespace mombridge::amqp
