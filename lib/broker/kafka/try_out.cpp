#include "broker/kafka/try_out.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "broker/kafka/client.hpp"
#include "broker/kafka/client_properties.hpp"
#include "config/text.hpp"

namespace mombridge::kafka {

namespace {

class TryOut {
 public:
  TryOut(const config::BrokerSection& section, config::Diagnostics& diagnostics)
      : section_(section), diagnostics_(diagnostics), settings_(static_cast<const Settings&>(*section.settings)) {
    // Nobody is there to connect to, and the libraries of plugins are the real client's to load.
    settings_.bootstrap_servers.clear();
    std::erase_if(settings_.librdkafka, [](auto& key) { return key.name == "plugin.library.paths"; });
    // With a key table, a client would run kinit at once.
    if (settings_.security.sasl) settings_.security.sasl->keytab.clear();
  }

  void run() {
    make(RD_KAFKA_PRODUCER, "the producer cannot be made", [&] { return producer_properties(settings_); });
    if (settings_.subscriptions.empty()) return;
    auto consumer = make(RD_KAFKA_CONSUMER, "the consumer cannot be made",
                         [&] { return consumer_properties(settings_, TopicMatch(settings_)); });
    if (!consumer) return;
    check_heartbeat(consumer.get());
    check_isolation(consumer.get());
  }

 private:
  // A key that is to blame is reported and left out, so that the next one is found as well. Null: there is no client to
  // be had.
  template <class Properties>
  Client make(rd_kafka_type_t type, const std::string& what, const Properties& properties) {
    for (;;) {
      auto client = make_client(type, settings_, properties(), ClientLog::silent);
      if (client) return std::move(*client);
      auto blamed = named_in(client.error().text);
      report(what, client.error().text, blamed);
      if (blamed == settings_.librdkafka.end()) return nullptr;
      settings_.librdkafka.erase(blamed);
    }
  }

  [[nodiscard]] const LibrdkafkaKey* key(std::string_view name) const {
    auto found = std::ranges::find(settings_.librdkafka, name, &LibrdkafkaKey::name);
    return found == settings_.librdkafka.end() ? nullptr : &*found;
  }

  using Keys = std::vector<LibrdkafkaKey>;

  /// The key that librdkafka names in its error: the first name in back quotes, perhaps the short one of two that mean
  /// the same (max.in.flight).
  [[nodiscard]] Keys::const_iterator named_in(const std::string& text) const {
    auto& all = settings_.librdkafka;
    for (size_t begin = 0; (begin = text.find('`', begin)) != std::string::npos;) {
      auto end = text.find('`', begin + 1);
      if (end == std::string::npos) break;
      auto name = text.substr(begin + 1, end - begin - 1);
      auto found =
          std::ranges::find_if(all, [&](auto& key) { return key.name == name || key.name.starts_with(name + "."); });
      if (found != all.end()) return found;
      begin = end + 1;
    }
    return all.end();
  }

  [[nodiscard]] std::string path(const LibrdkafkaKey* key) const {
    return "brokers." + section_.name + ".librdkafka" + (key ? "." + key->name : "");
  }

  void report(const std::string& what, const std::string& text, Keys::const_iterator blamed) {
    auto& all = settings_.librdkafka;
    auto* key = blamed == all.end() ? nullptr : &*blamed;
    auto mark = key ? key->mark : all.empty() ? section_.mark : all.front().mark;
    // A value that came from `${...}` may be a secret, and librdkafka may quote it.
    bool secret = std::ranges::any_of(
        all, [&](auto& k) { return k.secret && !k.value.empty() && text.find(k.value) != std::string::npos; });
    diagnostics_.error(mark, path(key), what + ": " + (secret ? "librdkafka refuses one of the values" : text),
                       "it does not go together with other keys, or with what the bridge sets");
  }

  // librdkafka does not look: a member whose heartbeats are rarer than the session is expelled from its group again and
  // again. Source: Kafka's documentation of heartbeat.interval.ms.
  void check_heartbeat(rd_kafka_t* consumer) {
    auto heartbeat = config::parse_unsigned(property_of(consumer, "heartbeat.interval.ms"));
    auto session = config::parse_unsigned(property_of(consumer, "session.timeout.ms"));
    if (!heartbeat || !session || *heartbeat * 3 <= *session) return;
    auto* at = key("heartbeat.interval.ms");
    if (!at) at = key("session.timeout.ms");
    auto mark = at ? at->mark : section_.mark;
    auto text =
        std::to_string(*heartbeat) + " ms between heartbeats, in a session of " + std::to_string(*session) + " ms";
    auto hint = "heartbeat.interval.ms: at most a third of session.timeout.ms";
    if (*heartbeat >= *session)
      diagnostics_.error(mark, path(at), text + ": the group expels this member again and again", hint);
    else
      diagnostics_.warning(mark, path(at), text + ": the group may expel this member", hint);
  }

  void check_isolation(rd_kafka_t* consumer) {
    if (property_of(consumer, "isolation.level") == "read_committed") return;
    auto* at = key("isolation.level");
    diagnostics_.error(at ? at->mark : section_.mark, path(at),
                       "records of transactions that were aborted would be delivered",
                       "leave it out: read_committed is what the bridge relies on");
  }

  const config::BrokerSection& section_;
  config::Diagnostics& diagnostics_;
  Settings settings_;
};

}  // namespace

void try_out(const config::BrokerSection& section, config::Diagnostics& diagnostics) {
  TryOut(section, diagnostics).run();
}

}  // namespace mombridge::kafka
