#include "broker/kafka/librdkafka_keys.hpp"

#include <memory>

#include <librdkafka/rdkafka.h>

namespace mombridge::kafka {

namespace {

struct Owned {
  std::string_view name, hint;
};

// With another value of these a message could be lost, or a section's own key would say one thing and this map another.
constexpr Owned kOwned[] = {
    {"acks", "always all: a message is settled when it is safe"},
    {"request.required.acks", "always all: a message is settled when it is safe"},
    {"group.id", "group_id:"},
    {"bootstrap.servers", "bootstrap_servers:"},
    {"metadata.broker.list", "bootstrap_servers:"},
    {"client.id", "appname:"},
    {"auto.offset.reset", "start: of the subscription"},
    {"auto.commit.enable", "offsets are stored when messages are settled"},
    {"auto.commit.interval.ms", "offsets are stored when messages are settled"},
    {"transactional.id", "the bridge delivers at least once, without transactions"},
};

const char* owner(const std::string& name) {
  for (auto& owned : kOwned)
    if (name == owned.name) return owned.hint.data();
  return name.starts_with("enable.") ? "the bridge sets all of enable.*" : nullptr;
}

using Conf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

void check(rd_kafka_conf_t* conf, const std::string& name, const config::Scalar& value,
           config::Diagnostics& diagnostics) {
  if (auto* hint = owner(name)) return diagnostics.error(value.key_mark, value.path, "the bridge's own to set", hint);
  // Setting it loads the libraries at once: that is for the client, not for a check.
  if (!value.known || name == "plugin.library.paths") return;
  char text[512] = "";
  auto result = rd_kafka_conf_set(conf, name.c_str(), value.value.c_str(), text, sizeof text);
  if (result == RD_KAFKA_CONF_OK) return;
  if (result == RD_KAFKA_CONF_UNKNOWN) return diagnostics.error(value.key_mark, value.path, text);
  // librdkafka quotes the value; one that came from `${...}` may be a secret.
  diagnostics.error(value.mark, value.path, value.shown == value.value ? text : "librdkafka refuses this value", "");
}

}  // namespace

void read_librdkafka(config::Section& section, Settings& settings) {
  Conf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  for (auto& [name, value] : section.pairs("librdkafka")) {
    check(conf.get(), name, value, section.diagnostics());
    settings.librdkafka.emplace_back(name, value.value);
  }
}

}  // namespace mombridge::kafka
