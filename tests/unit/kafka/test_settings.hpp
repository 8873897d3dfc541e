#pragma once
// Settings as the tests want them: quick to notice and to try again.

#include <memory>
#include <string>
#include <vector>

#include "broker/kafka/settings.hpp"
#include "entry.hpp"

namespace mombridge::kafka {

inline std::shared_ptr<Settings> make_settings(const std::string& servers, const std::string& group,
                                               const std::vector<test::Entry>& subscriptions) {
  auto settings = std::make_shared<Settings>();
  settings->bootstrap_servers = servers;
  settings->group_id = group;
  settings->reconnect_delay = 100ms;
  settings->reconnect_delay_max = 1s;
  settings->librdkafka = {
      {"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "500"}, {"topic.metadata.refresh.interval.ms", "500"}};
  settings->subscriptions.assign(subscriptions.begin(), subscriptions.end());
  return settings;
}

}  // namespace mombridge::kafka
