#include "broker/kafka/lost_offsets.hpp"

#include <charconv>
#include <span>
#include <thread>
#include <utility>

#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

namespace {

/// A node that is back knows its place again after a second or two.
constexpr Duration kPatience = std::chrono::seconds(5);
constexpr Duration kAskAgain = std::chrono::milliseconds(100);

/// Who leads the partition; -1: nobody, or it is not said.
int32_t leader_of(const rd_kafka_metadata_t& metadata, int32_t partition) {
  if (metadata.topic_cnt != 1) return -1;
  auto& topic = metadata.topics[0];
  for (auto& p : std::span(topic.partitions, static_cast<size_t>(topic.partition_cnt)))
    if (p.id == partition) return p.leader;
  return -1;
}

/// Whether `broker` leads the partition. That it does so counts only if another one says it, where there are others.
Result<bool> leads(rd_kafka_t* client, int32_t broker, const PartitionKey& partition, TimePoint deadline) {
  Topic topic(rd_kafka_topic_new(client, partition.first.c_str(), nullptr));
  for (;; std::this_thread::sleep_for(kAskAgain)) {
    auto metadata = ask_metadata(client, topic.get(), deadline);
    if (metadata) {
      auto leader = leader_of(**metadata, partition.second);
      if (leader >= 0 && leader != broker) return false;
      if (leader == broker && ((*metadata)->orig_broker_id != broker || (*metadata)->broker_cnt == 1)) return true;
    }
    if (Clock::now() + kAskAgain >= deadline) return fail(metadata ? "nobody else says" : metadata.error().text);
  }
}

}  // namespace

// "...: Broker: Offset out of range (broker 2)", by librdkafka's rdkafka_offset.c.
int32_t broker_in(std::string_view words) {
  constexpr std::string_view kBefore = "(broker ";
  auto at = words.rfind(kBefore);
  if (at == std::string_view::npos) return -1;
  auto number = words.substr(at + kBefore.size());
  int32_t broker = -1;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), broker);
  return error == std::errc() && end != number.data() + number.size() && *end == ')' ? broker : -1;
}

LostOffsets::LostOffsets(EventLoop& loop, BlockingCalls& calls, Lost lost, Misled misled)
    : lost_(std::move(lost)), misled_(std::move(misled)), caller_(calls, loop) {}

void LostOffsets::examine(const SharedClient& client, const PartitionKey& partition, std::string words) {
  auto broker = broker_in(words);
  if (broker < 0) return lost_(partition, words);
  caller_.ask(
      kPatience,
      [client, broker, partition](TimePoint deadline) { return leads(client.get(), broker, partition, deadline); },
      [this, broker, partition, words = std::move(words)](const Result<bool>& leads) {
        if (leads.value_or(true)) return lost_(partition, words);
        misled_("broker " + std::to_string(broker) + " answers for " + partition.first + " partition " +
                std::to_string(partition.second) + " and no longer leads it");
      });
}

}  // namespace mombridge::kafka
