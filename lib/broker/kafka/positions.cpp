#include "broker/kafka/positions.hpp"

#include <string>

#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kPatienceMs = 3000;

Result<> committed(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions) {
  auto code = rd_kafka_committed(client, partitions, kPatienceMs);
  for (int i = 0; i < partitions->cnt && !code; ++i) {
    auto error = partitions->elems[i].err;
    if (error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) code = error;
  }
  if (code) return fail("cannot read the group's offsets: " + describe(code, {}));
  return {};
}

/// How many partitions the topic had when it was first seen.
Result<int> first_count(rd_kafka_t* client, const std::string& topic, FirstSeen& first_seen) {
  if (auto found = first_seen.find(topic); found != first_seen.end()) return found->second;
  Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get());
  if (!metadata) return fail(metadata.error());
  if ((*metadata)->topic_cnt != 1) return fail("no metadata of topic " + topic);
  return first_seen[topic] = (*metadata)->topics[0].partition_cnt;
}

Result<int64_t> end_of(rd_kafka_t* client, const rd_kafka_topic_partition_t& partition) {
  int64_t low = 0, high = 0;
  auto code = rd_kafka_query_watermark_offsets(client, partition.topic, partition.partition, &low, &high, kPatienceMs);
  if (code) return fail("cannot read the end of " + std::string(partition.topic) + ": " + describe(code, {}));
  return high;
}

}  // namespace

Result<std::vector<int>> find_positions(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions,
                                        const std::vector<Start>& starts, FirstSeen& first_seen) {
  if (auto ok = committed(client, partitions); !ok) return fail(ok.error());
  std::vector<int> at_end;
  for (int i = 0; i < partitions->cnt; ++i) {
    auto& p = partitions->elems[i];
    p.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool latest = starts[static_cast<size_t>(i)] == Start::latest;
    int count = 0;
    if (latest) {
      auto first = first_count(client, p.topic, first_seen);
      if (!first) return fail(first.error());
      count = *first;
    }
    if (p.offset >= 0) continue;
    p.offset = RD_KAFKA_OFFSET_BEGINNING;
    if (!latest || p.partition >= count) continue;
    auto end = end_of(client, p);
    if (!end) return fail(end.error());
    p.offset = *end;
    at_end.push_back(i);
  }
  return at_end;
}

}  // namespace mombridge::kafka
