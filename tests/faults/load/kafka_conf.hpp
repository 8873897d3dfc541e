#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace faults {

/// The caller's, until rd_kafka_new() takes it.
inline rd_kafka_conf_t* kafka_conf(std::vector<std::pair<std::string, std::string>> settings) {
  // A client that finds its broker back at once does not blur what is measured of the bridge.
  settings.emplace_back("reconnect.backoff.ms", "100");
  settings.emplace_back("reconnect.backoff.max.ms", "500");
  // A node that stands still takes connections and says nothing. It keeps a client waiting for no longer than that.
  settings.emplace_back("socket.timeout.ms", "4000");
  settings.emplace_back("socket.connection.setup.timeout.ms", "2000");
  settings.emplace_back("api.version.request.timeout.ms", "2000");
  settings.emplace_back("topic.metadata.refresh.interval.ms", "2000");
  settings.emplace_back("log_level", "3");
  auto* conf = rd_kafka_conf_new();
  char error[256];
  for (auto& [key, value] : settings)
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "fault-load: %s\n", error);
      std::exit(70);
    }
  return conf;
}

}  // namespace faults
