#pragma once
// What a `type: kafka` section says, read by config.cpp.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/kafka/security.hpp"
#include "broker/kafka/topic_name.hpp"
#include "config/config.hpp"
#include "token/settings.hpp"

namespace mombridge::token {
class Source;  // source.hpp
}

namespace mombridge::kafka {

inline constexpr config::KindTraits kTraits{.type = "kafka", .records = true, .takes_rejected = false};

enum class Start { earliest, latest };               ///< where a group without a committed offset begins
enum class OnOffsetLost { stop, earliest, latest };  ///< when the broker no longer has the committed offset

struct Subscription : config::Subscription {
  std::string topic;  ///< a leading ^ is a regular expression, as in librdkafka
  Start start = Start::earliest;
  OnOffsetLost on_offset_lost = OnOffsetLost::stop;
};

/// One key of `librdkafka:`, passed through.
struct LibrdkafkaKey {
  std::string name, value;
  config::Mark mark{};  ///< of the value
  bool secret = false;  ///< it may not be shown: it came from `${...}`, or the name is that of a secret
};

/// What a record's time is.
enum class RecordTime {
  own,      ///< that of the message, where it has been a record; else that of its arrival at the broker
  keep,     ///< the same, but a message that has not been a record keeps its timestamp property: `timestamp: keep`
  arrival,  ///< that of its arrival at the broker
};

struct PublishOptions final : mombridge::PublishOptions {
  explicit PublishOptions(RecordTime its_time = RecordTime::own) : time(its_time) {}
  RecordTime time;
};

struct Settings : config::KindSettings<Subscription> {
  Settings() : KindSettings(kTraits) {}

  [[nodiscard]] std::string target_fault(std::string_view target) const override {
    return valid_topic(target) ? "" : "is not the name of a topic (letters, digits, '.', '_' and '-', up to 249)";
  }

  std::string bootstrap_servers;
  std::string group_id;
  Duration reconnect_delay = std::chrono::seconds(1);  ///< before a client that failed for good is made anew
  Duration reconnect_delay_max = std::chrono::seconds(30);
  uint32_t prefetch_count = 10000;       ///< messages in flight per partition
  uint64_t prefetch_size = 64ull << 20;  ///< bytes in flight per subscription
  Security security;
  std::optional<token::Settings> token;  ///< with the mechanism OAUTHBEARER
  std::shared_ptr<token::Source>
      tokens;  ///< where the clients of a broker that was made get them; null in what was read
  std::vector<LibrdkafkaKey> librdkafka;      ///< checked by librdkafka_keys.cpp and try_out.cpp
  std::map<std::string, int32_t> partitions;  ///< of BrokerSettings::declares, where one says how many
};

}  // namespace mombridge::kafka
