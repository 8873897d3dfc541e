#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

std::string connections_needed(const Settings& settings) {
  auto subscriptions = settings.amqp_subscriptions.size();
  if (!subscriptions) return "needs 1 AMQP connection";
  return "needs " + std::to_string(1 + subscriptions) + " AMQP connections, one to publish and " +
         (subscriptions == 1 ? "one for its subscription"
                             : "one for each of its " + std::to_string(subscriptions) + " subscriptions");
}

}  // namespace mombridge::amqp
