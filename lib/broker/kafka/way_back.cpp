#include "broker/kafka/way_back.hpp"

#include "base/text.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

// The source of an expression is no topic. Of other subscriptions the target may be another one (`target_from`).
Result<WayBack> way_back(const config::BrokerSettings& settings, const config::Subscription& subscription,
                         const std::string& target) {
  auto& topic = static_cast<const Subscription&>(subscription).topic;
  if (!topic.starts_with('^')) return WayBack{.target = topic, .options = {}, .headers = {}};
  if (!valid_topic(target) || !settings.brings(subscription, target))
    return fail("'" + printable(target, kMaxTopic) + "' is no topic that matches " + printable(topic));
  return WayBack{.target = target, .options = {}, .headers = {}};
}

}  // namespace mombridge::kafka
