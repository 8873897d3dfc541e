#include "broker/kafka/client_properties.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace mombridge::kafka {

namespace {

struct Fixed {
  std::string_view name;
  const char* why;
};

// With another value of these a message could be lost, or a section's own key would say one thing and the map another.
// Names beside them are librdkafka's own second names for the same.
constexpr Fixed kFixed[] = {
    {"acks", "always all: a message is settled when it is safe"},
    {"request.required.acks", "always all: a message is settled when it is safe"},
    {"message.timeout.ms", "a message whose broker is away waits; it is never given up"},
    {"delivery.timeout.ms", "a message whose broker is away waits; it is never given up"},
    {"delivery.report.only.error", "a message is settled by the report that it was delivered"},
    {"group.id", "group_id:"},
    {"bootstrap.servers", "bootstrap_servers:"},
    {"metadata.broker.list", "bootstrap_servers:"},
    {"client.id", "appname:"},
    {"enable.ssl.certificate.verification",
     "there is no switch for verification, which is always on; name the CA with tls: {ca: ca.pem}"},
    {"auto.offset.reset", "start: of the subscription"},
    {"auto.commit.enable", "offsets are stored when messages are settled"},
    {"auto.commit.interval.ms", "offsets are stored when messages are settled"},
    {"allow.auto.create.topics", "a topic that is missing is shown as missing"},
    {"transactional.id", "the bridge delivers at least once, without transactions"},
};

constexpr uint64_t kLeastPerRecord = 256;       ///< bytes of a queue for each of its records
constexpr uint64_t kMostOfPartition = 1 << 20;  ///< bytes; librdkafka's default

std::string milliseconds(Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

std::vector<Property> common_defaults(const Settings& settings) {
  return {
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.ms", milliseconds(std::min<Duration>(settings.reconnect_delay, 1h))},
      {"reconnect.backoff.max.ms", milliseconds(std::min<Duration>(settings.reconnect_delay_max, 1h))},
  };
}

std::vector<Property> common_fixed(const Settings& settings) {
  return {
      {"bootstrap.servers", settings.bootstrap_servers},
      {"client.id", settings.appname.empty() ? "mombridge" : settings.appname},
  };
}

void add(std::vector<Property>& to, std::vector<Property> more) { std::ranges::move(more, std::back_inserter(to)); }

}  // namespace

ClientProperties consumer_properties(const Settings& settings, const TopicMatch& match, uint64_t queue_bytes) {
  ClientProperties all{common_defaults(settings), common_fixed(settings)};
  add(all.defaults, {
                        {"session.timeout.ms", "10000"},
                        {"heartbeat.interval.ms", "3000"},
                        {"topic.metadata.refresh.interval.ms", "10000"},  // new topics and partitions
                        // Of the client's queue; see FetchQueue and FetchAhead. What lies here for long is cold when it
                        // is taken: with 32 MiB the same work took half as much processor time again.
                        {"queued.max.messages.kbytes", std::to_string(queue_bytes >> 10)},
                        // A small record takes more beside its bytes than for them.
                        {"queued.min.messages", std::to_string(queue_bytes / kLeastPerRecord)},
                        // Of one partition at once. A larger record comes all the same: the client asks for more then.
                        {"fetch.message.max.bytes", std::to_string(std::min(queue_bytes, kMostOfPartition))},
                    });
  add(all.fixed, {
                     {"group.id", settings.group_id},
                     {"enable.auto.commit", "true"},
                     {"auto.commit.interval.ms", "1000"},
                     {"enable.auto.offset.store", "false"},  // stored when settled
                     {"auto.offset.reset", "error"},         // a lost offset must not be a silent jump
                     {"enable.partition.eof", "true"},
                     {"allow.auto.create.topics", "false"},
                 });
  if (auto hidden = hidden_topics(settings, match); !hidden.empty()) add(all.fixed, {{"topic.blacklist", hidden}});
  return all;
}

ClientProperties producer_properties(const Settings& settings) {
  ClientProperties all{common_defaults(settings), common_fixed(settings)};
  add(all.defaults,
      {
          // As Java's client, not librdkafka's 5: a request would wait for it on each of its Kafka legs. Under load a
          // batch gathers behind those on their way all the same.
          {"linger.ms", "0"},
          {"partitioner", "murmur2_random"},  // as Java's: a key is in the same partition, whoever produced it
                                              // Whether a record is too large is the topic's to say: the client
                                              // compares it uncompressed, and knows no topic's limit. But to a request
                                              // over its socket.request.max.bytes, 100 MiB by default, the broker says
                                              // nothing: it closes the connection, and the client would send it again
                                              // for ever. And librdkafka's consumers fetch no more than 100 MB at once
                                              // (receive.message.max.bytes). Batches end at batch.size.
          {"message.max.bytes", "99000000"},
          {"queue.buffering.max.messages", "200000"},
          {"queue.buffering.max.kbytes", "262144"},
          // How long an unknown topic may take to appear before its messages come back; then it is asked for.
          {"topic.metadata.propagation.max.ms", "1000"},
      });
  add(all.fixed, {
                     {"enable.idempotence", "true"},
                     {"acks", "all"},
                     {"message.timeout.ms", "0"},  // being away is a wait
                     {"delivery.report.only.error", "false"},
                 });
  return all;
}

const char* why_fixed(std::string_view name) {
  auto fixed = std::ranges::find(kFixed, name, &Fixed::name);
  if (fixed != std::end(kFixed)) return fixed->why;
  return name.starts_with("enable.") ? "the bridge sets all of enable.*" : nullptr;
}

}  // namespace mombridge::kafka
