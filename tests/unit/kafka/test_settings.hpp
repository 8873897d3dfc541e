#pragma once
// Settings as the tests want them: quick to notice and to try again.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

inline std::shared_ptr<Settings> make_settings(const std::string& servers, const std::string& group,
                                               std::vector<Subscription> subscriptions) {
  auto settings = std::make_shared<Settings>();
  settings->bootstrap_servers = servers;
  settings->group_id = group;
  settings->reconnect_delay = 100ms;
  settings->reconnect_delay_max = 1s;
  settings->librdkafka = {
      {"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "500"}, {"topic.metadata.refresh.interval.ms", "500"}};
  for (auto& s : subscriptions)
    settings->subscriptions.push_back({.source = s.topic, .targets = {"#"}, .target_from = {}, .mark = {}});
  settings->kafka_subscriptions = std::move(subscriptions);
  return settings;
}

}  // namespace mombridge::kafka
