#include "broker/kafka/inquiry.hpp"

#include <limits>

#include "broker/kafka/connection_error.hpp"

namespace mombridge::kafka {

namespace {

using ConfigResource = Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

constexpr Duration kPatience = std::chrono::seconds(10);  ///< for one question
constexpr int kPatienceMs = 10'000;
/// No topic has so many.
constexpr int32_t kNoPartition = std::numeric_limits<int32_t>::max();

// The producer's own properties, but for what makes the broker refuse. Allowed are 0, 1 and -1: all. Source: Kafka's
// protocol, Produce.
ClientProperties refused_properties(const Settings& settings) {
  auto all = producer_properties(settings);
  for (auto& p : all.fixed) {
    if (p.name == std::string_view("acks")) p.value = "2";
    if (p.name == std::string_view("enable.idempotence")) p.value = "false";
    if (p.name == std::string_view("message.timeout.ms")) p.value = std::to_string(kPatienceMs);
  }
  all.fixed.push_back({"retries", "0"});
  return all;
}

/// Which of the group's permissions is missing: a member needs Describe to find the coordinator. Without it librdkafka
/// would look for it for long.
rd_kafka_resp_err_t describe_group(rd_kafka_t* client, const std::string& group) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kPatienceMs, text, sizeof text);
  Queue answers(rd_kafka_queue_new(client));
  const char* name = group.c_str();
  rd_kafka_DescribeConsumerGroups(client, &name, 1, options.get(), answers.get());
  Event event(rd_kafka_queue_poll(answers.get(), kPatienceMs));
  if (!event) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (auto code = rd_kafka_event_error(event.get())) return code;
  size_t count = 0;
  auto* result = rd_kafka_event_DescribeConsumerGroups_result(event.get());
  auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  auto* error = count == 1 ? rd_kafka_ConsumerGroupDescription_error(groups[0]) : nullptr;
  return error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

Result<Client> ClusterInquiry::make_consumer(const std::string& group) const {
  auto settings = settings_;
  settings.group_id = group;
  return make_client(RD_KAFKA_CONSUMER, settings, consumer_properties(settings, TopicMatch(settings)),
                     ClientLog::silent);
}

Result<> ClusterInquiry::connect(Duration patience) {
  auto deadline = Clock::now() + patience;
  auto made = make_consumer(settings_.group_id);
  if (!made) return fail(made.error());
  consumer_ = std::move(*made);
  return await_reachable(consumer_.get(), settings_, deadline);
}

Inquiry::Code ClusterInquiry::look_up(const std::string& topic) {
  auto deadline = Clock::now() + kPatience;
  Topic handle(rd_kafka_topic_new(consumer_.get(), topic.c_str(), nullptr));
  do {
    auto metadata = ask_metadata(consumer_.get(), handle.get(), deadline);
    if (metadata && (*metadata)->topic_cnt == 1) return (*metadata)->topics[0].err;
  } while (Clock::now() < deadline);
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

Result<std::vector<std::string>> ClusterInquiry::all_topics() {
  auto metadata = ask_metadata(consumer_.get(), nullptr, Clock::now() + kPatience, true);
  if (!metadata) return fail(metadata.error());
  std::vector<std::string> names;
  for (int i = 0; i < (*metadata)->topic_cnt; ++i)
    if (!(*metadata)->topics[i].err) names.emplace_back((*metadata)->topics[i].topic);
  return names;
}

// The broker looks at the group's permission, then at each topic's, then for the partition.
Inquiry::Read ClusterInquiry::try_read(const std::string& group, const std::vector<std::string>& topics) {
  Read read{RD_KAFKA_RESP_ERR__TIMED_OUT, std::vector<Code>(topics.size(), RD_KAFKA_RESP_ERR__TIMED_OUT)};
  auto consumer = make_consumer(group);
  if (!consumer) return read;
  if (auto code = describe_group(consumer->get(), group)) return {code, {topics.size(), code}};
  Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (auto& topic : topics) rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), kNoPartition)->offset = 0;
  Queue answers(rd_kafka_queue_new(consumer->get()));
  if (auto code = rd_kafka_commit_queue(consumer->get(), offsets.get(), answers.get(), nullptr, nullptr)) {
    read.group = code;
    return read;
  }
  Event event(rd_kafka_queue_poll(answers.get(), kPatienceMs));
  auto* list = event ? rd_kafka_event_topic_partition_list(event.get()) : nullptr;
  if (!list) return read;
  read.group = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (size_t i = 0; i < topics.size() && i < static_cast<size_t>(list->cnt); ++i) {
    auto code = list->elems[i].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = rd_kafka_event_error(event.get());
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) read.group = code;
    read.topics[i] = code;
  }
  return read;
}

// The broker looks at the permission before it looks at the acks.
Inquiry::Code ClusterInquiry::try_write(const std::string& topic) {
  if (!producer_) {
    auto made = make_client(RD_KAFKA_PRODUCER, settings_, refused_properties(settings_), ClientLog::silent);
    if (!made) return RD_KAFKA_RESP_ERR__INVALID_ARG;
    producer_ = std::move(*made);
  }
  auto sent = rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                                RD_KAFKA_V_VALUE(nullptr, 0), RD_KAFKA_V_END);
  if (sent) return sent;
  Queue events(rd_kafka_queue_get_main(producer_.get()));
  for (auto deadline = Clock::now() + 2 * kPatience; Clock::now() < deadline;) {
    Event event(rd_kafka_queue_poll(events.get(), milliseconds_until(deadline, kPatienceMs)));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
    auto* message = rd_kafka_event_message_next(event.get());
    auto code = message ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT;
    return code == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS ? RD_KAFKA_RESP_ERR_NO_ERROR : code;
  }
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

Result<> ClusterInquiry::try_create(const std::string& topic, const TopicSpec& spec) {
  return try_create_topic(consumer_.get(), topic, spec, Clock::now() + kPatience);
}

std::string ClusterInquiry::auto_create() {
  auto metadata = ask_metadata(consumer_.get(), nullptr, Clock::now() + kPatience);
  if (!metadata || !(*metadata)->broker_cnt) return {};
  ConfigResource broker(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, std::to_string((*metadata)->brokers[0].id).c_str()));
  AdminOptions options(rd_kafka_AdminOptions_new(consumer_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kPatienceMs, text, sizeof text);
  Queue answers(rd_kafka_queue_new(consumer_.get()));
  auto* one = broker.get();
  rd_kafka_DescribeConfigs(consumer_.get(), &one, 1, options.get(), answers.get());
  Event event(rd_kafka_queue_poll(answers.get(), kPatienceMs));
  if (!event || rd_kafka_event_error(event.get())) return {};
  size_t resources = 0, entries = 0;
  auto** found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &resources);
  auto** configs = resources == 1 ? rd_kafka_ConfigResource_configs(found[0], &entries) : nullptr;
  for (size_t i = 0; i < entries; ++i)
    if (rd_kafka_ConfigEntry_name(configs[i]) == std::string_view("auto.create.topics.enable"))
      if (auto* value = rd_kafka_ConfigEntry_value(configs[i])) return value;
  return {};
}

}  // namespace mombridge::kafka
