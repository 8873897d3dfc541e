#include "broker/amqp/queue_lifetime.hpp"

namespace mombridge::amqp {

std::string QueueLifetime::needs_consumer() const {
  if (with_consumer) return "the queue is auto_delete: it is deleted with its last consumer, and what is in it";
  if (with_connection) return "the queue is exclusive: it is deleted with its connection, and what is in it";
  if (unused > Duration::zero())
    return "the queue has x-expires: it is deleted after " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(unused).count()) +
           " ms without a consumer, and what is in it";
  if (!drops.empty()) return "the queue has " + drops + ", by which it may drop what comes back to it";
  return {};
}

QueueLifetime lifetime(const Subscription& s) {
  if (s.queue.empty()) return {.with_connection = true};
  if (!s.declare) return {};
  auto& arguments = s.declare->arguments;
  QueueLifetime life{.with_connection = s.declare->exclusive, .with_consumer = s.declare->auto_delete};
  if (auto found = arguments.find("x-expires"); found != arguments.end())
    if (auto* ms = std::get_if<int64_t>(&found->second)) life.unused = std::chrono::milliseconds(*ms);
  auto overflow = arguments.find("x-overflow");
  bool refuses = overflow != arguments.end() && overflow->second != Argument(std::string("drop-head"));
  for (auto* name : {"x-max-length", "x-max-length-bytes"})
    if (!refuses && arguments.contains(name)) life.drops = name;
  if (arguments.contains("x-message-ttl")) life.drops = "x-message-ttl";
  return life;
}

QueueDeclaration private_queue() {
  return {.durable = false, .exclusive = true, .auto_delete = false, .arguments = {}};
}

}  // namespace mombridge::amqp
