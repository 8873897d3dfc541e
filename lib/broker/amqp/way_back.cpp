#include "broker/amqp/way_back.hpp"

#include "base/text.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

Result<WayBack> way_back(const config::BrokerSettings& settings, const config::Subscription& subscription,
                         const std::string& target) {
  auto& all = static_cast<const Settings&>(settings);
  auto& queue = static_cast<const Subscription&>(subscription).queue;
  if (queue.empty())
    return fail("it came through a private queue on exchange '" + printable(subscription.source) +
                "', and from the exchange others get it, too");
  auto options = std::make_shared<PublishOptions>();
  WayBack way{.target = queue, .options = options, .headers = {}};
  if (target == queue) return way;
  // The bridge believes what it has written itself by its user's name, which the broker checks.
  options->author = all.token || all.endpoints.empty() ? std::string() : all.endpoints.front().user;
  if (options->author.empty())
    return fail("its routing key '" + printable(target, kLongestShortString) +
                "' would be lost on the way into queue '" + printable(queue, kLongestShortString) +
                "': to keep it, the bridge must log in with a user and a password");
  way.headers = {{std::string(header::kPutBacks), "0"}, {std::string(header::kPutBackTarget), target}};
  return way;
}

}  // namespace mombridge::amqp
