#include "kafka_ends.hpp"

#include "exchange.hpp"

namespace load {

namespace {

rd_kafka_t* client(rd_kafka_type_t type, std::vector<std::pair<std::string, std::string>> settings) {
  settings.emplace_back("socket.nagle.disable", "true");
  auto* conf = rd_kafka_conf_new();
  char error[512];
  for (auto& [key, value] : settings)
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) give_up(error);
  if (type == RD_KAFKA_PRODUCER)
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* report, void*) {
      if (report->err) give_up(std::string("Kafka did not take a record: ") + rd_kafka_err2str(report->err));
    });
  auto* made = rd_kafka_new(type, conf, error, sizeof error);
  if (!made) give_up(error);
  return made;
}

int32_t partitions_of(rd_kafka_t* client, const std::string& topic) {
  auto* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client, 0, handle, &metadata, 30'000) || metadata->topics[0].err) give_up("no topic " + topic);
  auto count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
  return count;
}

}  // namespace

KafkaProducer::KafkaProducer(const std::string& servers, unsigned linger_ms)
    : client_(client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", servers},
                                         {"linger.ms", std::to_string(linger_ms)},
                                         {"acks", "all"},
                                         {"message.max.bytes", "99000000"}})) {}

KafkaProducer::~KafkaProducer() {
  rd_kafka_flush(client_, 10'000);
  rd_kafka_destroy(client_);
}

void KafkaProducer::produce(const std::string& topic, const std::string& value, const KafkaHeaders& headers,
                            int32_t partition) {
  for (;;) {
    auto* list = rd_kafka_headers_new(headers.size());
    for (auto& [name, text] : headers)
      rd_kafka_header_add(list, name.data(), static_cast<ssize_t>(name.size()), text.data(),
                          static_cast<ssize_t>(text.size()));
    auto result = rd_kafka_producev(client_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                    RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                    RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END);
    rd_kafka_poll(client_, result == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 20 : 0);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    rd_kafka_headers_destroy(list);
    if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL) give_up("cannot produce to " + topic);
  }
}

void KafkaProducer::finish() {
  while (rd_kafka_outq_len(client_)) rd_kafka_flush(client_, 1000);
}

int32_t KafkaProducer::partitions(const std::string& topic) const { return partitions_of(client_, topic); }

KafkaConsumer::KafkaConsumer(const std::string& servers, const std::string& topic, Take take, From from)
    : take_(std::move(take)),
      client_(
          client(RD_KAFKA_CONSUMER,
                 {{"bootstrap.servers", servers}, {"group.id", "load-requests"}, {"enable.auto.commit", "false"}})) {
  rd_kafka_poll_set_consumer(client_);
  auto* list = rd_kafka_topic_partition_list_new(1);
  for (int32_t partition = 0, count = partitions_of(client_, topic); partition < count; ++partition) {
    int64_t low = 0, high = 0;
    if (rd_kafka_query_watermark_offsets(client_, topic.c_str(), partition, &low, &high, 30'000))
      give_up("no topic " + topic);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = from == From::end ? high : low;
  }
  auto failed = rd_kafka_assign(client_, list);
  rd_kafka_topic_partition_list_destroy(list);
  if (failed) give_up("cannot read " + topic);
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto* record = rd_kafka_consumer_poll(client_, 20);
      if (!record || !record->err) take_(record);
      if (record) rd_kafka_message_destroy(record);
    }
  });
}

KafkaConsumer::~KafkaConsumer() {
  thread_ = {};
  rd_kafka_consumer_close(client_);
  rd_kafka_destroy(client_);
}

std::string header(const rd_kafka_message_t& record, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(&record, &headers) || rd_kafka_header_get_last(headers, name, &value, &size)) return {};
  return {static_cast<const char*>(value), size};
}

}  // namespace load
