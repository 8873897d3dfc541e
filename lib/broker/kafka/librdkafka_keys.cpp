#include "broker/kafka/librdkafka_keys.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "broker/kafka/client_properties.hpp"
#include "config/secret_files.hpp"
#include "config/text.hpp"

namespace mombridge::kafka {

namespace {

using Conf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

void check(rd_kafka_conf_t* conf, const std::string& name, const config::Scalar& value, bool secret,
           config::Diagnostics& diagnostics) {
  if (auto* hint = why_fixed(name))
    return diagnostics.error(value.key_mark, value.path, "the bridge's own to set", hint);
  // Setting it loads the libraries at once: that is for the client, not for a check.
  if (!value.known || name == "plugin.library.paths") return;
  char text[512] = "";
  auto result = rd_kafka_conf_set(conf, name.c_str(), value.value.c_str(), text, sizeof text);
  if (result == RD_KAFKA_CONF_OK) return;
  if (result == RD_KAFKA_CONF_UNKNOWN) return diagnostics.error(value.key_mark, value.path, text);
  // librdkafka quotes the value.
  diagnostics.error(value.mark, value.path, secret ? "librdkafka refuses this value" : text, "");
}

// A second member with the id of a first one takes its place in the group, and the first one takes it back.
void warn_of_shared_id(const config::Scalar& value, config::Diagnostics& diagnostics) {
  diagnostics.warning(value.mark, value.path,
                      "every replica that reads this file would be the same member of the group",
                      "another one for each: ${env:HOSTNAME}, or a ${file:...}");
}

/// Keys that say how much the client fetches ahead, and the bytes that one of their units is.
constexpr std::pair<std::string_view, uint64_t> kFetchedAhead[] = {{"queued.max.messages.kbytes", 1000},
                                                                   {"fetch.max.bytes", 1},
                                                                   {"fetch.message.max.bytes", 1},
                                                                   {"max.partition.fetch.bytes", 1}};

// The bridge sets less by itself. What a file says of these counts all the same.
void warn_of_memory(const std::string& name, const config::Scalar& value, uint64_t memory,
                    config::Diagnostics& diagnostics) {
  auto* key = std::ranges::find(kFetchedAhead, name, [](auto& one) { return one.first; });
  auto number = value.known ? config::parse_unsigned(value.value) : std::nullopt;
  if (key == std::end(kFetchedAhead) || !number || *number <= memory / key->second) return;
  diagnostics.warning(
      value.mark, value.path,
      "the client may fetch more ahead than all messages together may take, which is " + config::size_text(memory),
      "leave it out: it follows memory: at the top of the file");
}

}  // namespace

void read_librdkafka(config::Section& section, const config::KindContext& context, Settings& settings) {
  Conf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  for (auto& [name, value] : section.pairs("librdkafka")) {
    bool referred = value.shown != value.value;
    bool secret = referred || config::names_secret(name);
    check(conf.get(), name, value, secret, section.diagnostics());
    warn_of_memory(name, value, context.memory, section.diagnostics());
    if (name == "group.instance.id" && value.known && !referred) warn_of_shared_id(value, section.diagnostics());
    settings.librdkafka.push_back({name, value.value, value.mark, secret});
  }
}

}  // namespace mombridge::kafka
