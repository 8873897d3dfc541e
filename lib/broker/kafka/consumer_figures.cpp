#include "broker/kafka/consumer_figures.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

namespace {

/// Less than the time between two rounds.
constexpr Duration kPatience = std::chrono::seconds(2);

/// Those that are not known are left out.
std::map<PartitionKey, int64_t> ends_of(rd_kafka_t* client, const std::set<PartitionKey>& keys, TimePoint deadline) {
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(keys.size())));
  for (auto& [topic, number] : keys)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), number)->offset = RD_KAFKA_OFFSET_END;
  std::map<PartitionKey, int64_t> ends;
  if (rd_kafka_offsets_for_times(client, list.get(), milliseconds_until(deadline, kQuestionMs))) return ends;
  for (int i = 0; i < list->cnt; ++i)
    if (auto& one = list->elems[i]; !one.err && one.offset >= 0) ends[{one.topic, one.partition}] = one.offset;
  return ends;
}

}  // namespace

ConsumerFigures::ConsumerFigures(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<const Settings> settings,
                                 const Assignment& assignment)
    : settings_(std::move(settings)),
      assignment_(assignment),
      caller_(calls, loop),
      sampler_(loop, [this] { measure(); }) {}

void ConsumerFigures::measure() {
  if (assignment_.empty()) return sampler_.put(std::vector<Figures::Lag>());
  // librdkafka does not keep its time where a leader is killed: then no further calls may pile up behind that one.
  if (!under_way_.expired()) return;
  auto token = std::make_shared<char>();
  under_way_ = token;
  caller_.ask(
      kPatience,
      [token, client = assignment_.begin()->second->client(),
       keys = assignment_.keys()](TimePoint deadline) -> Result<Ends> { return ends_of(client.get(), keys, deadline); },
      [this](const Result<Ends>& ends) {
        if (ends) put_lags(*ends);
      });
}

// The topics that an expression finds come and go with the cluster, and would be series without bound: the expression
// has one. It has none while the end of one of its partitions is not known.
void ConsumerFigures::put_lags(const Ends& ends) {
  std::vector<Figures::Lag> lags;
  std::map<std::string, std::optional<uint64_t>> of_expressions;
  for (auto& [key, reader] : assignment_) {
    auto next = reader->in_flight().next();
    if (!reader->subscription() || !next) continue;
    auto end = ends.find(key);
    std::optional<uint64_t> lag;
    if (end != ends.end()) lag = static_cast<uint64_t>(std::max<int64_t>(end->second - *next, 0));
    auto& topic = settings_->subscriptions[*reader->subscription()].topic;
    if (topic.starts_with('^')) {
      auto& sum = of_expressions.try_emplace(topic, 0).first->second;
      sum = sum && lag ? std::optional(*sum + *lag) : std::nullopt;
    } else if (lag) {
      lags.push_back({topic, key.second, *lag});
    }
  }
  for (auto& [topic, sum] : of_expressions)
    if (sum) lags.push_back({topic, std::nullopt, *sum});
  sampler_.put(std::move(lags));
}

}  // namespace mombridge::kafka
