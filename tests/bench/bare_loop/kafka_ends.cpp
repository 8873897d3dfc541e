#include <algorithm>
#include <array>
#include <sys/eventfd.h>
#include <unistd.h>

#include <amqp.h>
#include <librdkafka/rdkafka.h>

#include "pump.hpp"

namespace bare {

namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

rd_kafka_t* client(rd_kafka_type_t type, const Settings& settings, const Properties& properties) {
  auto* conf = rd_kafka_conf_new();
  char error[512];
  auto set = [&](const std::string& name, const std::string& value) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) give_up(error);
  };
  set("bootstrap.servers", settings.servers);
  set("socket.nagle.disable", "true");
  for (auto& [name, value] : properties) set(name, value);
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  auto* made = rd_kafka_new(type, conf, error, sizeof error);
  if (!made) give_up(error);
  return made;
}

/// Becomes readable when librdkafka's queue gets something after it was empty.
class QueueSignal {
 public:
  explicit QueueSignal(rd_kafka_queue_t* queue) {
    uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, fd_, &one, sizeof one);
  }
  ~QueueSignal() { ::close(fd_); }
  QueueSignal(const QueueSignal&) = delete;
  QueueSignal& operator=(const QueueSignal&) = delete;

  /// Before the queue is read, because what comes while it is read may be missed then.
  void clear() const {
    uint64_t count = 0;
    if (::read(fd_, &count, sizeof count) < 0 && errno != EAGAIN) give_up("eventfd");
  }
  [[nodiscard]] pollfd waits_for(bool reading) const { return {reading ? fd_ : -1, POLLIN, 0}; }

 private:
  int fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

class KafkaSource final : public Source {
 public:
  explicit KafkaSource(const Settings& settings)
      : topic_(settings.source),
        client_(client(RD_KAFKA_CONSUMER, settings,
                       {{"group.id", settings.group},
                        {"auto.offset.reset", "earliest"},
                        {"enable.auto.offset.store", "false"},
                        {"auto.commit.interval.ms", "500"},
                        {"queued.min.messages", "100000"},
                        {"queued.max.messages.kbytes", "65536"}})),
        queue_((rd_kafka_poll_set_consumer(client_), rd_kafka_queue_get_consumer(client_))),
        signal_(queue_) {
    uint64_t size = 1;
    while (size <= settings.window) size *= 2;
    places_.resize(size);
    auto* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic_.c_str(), RD_KAFKA_PARTITION_UA);
    if (auto error = rd_kafka_subscribe(client_, topics)) give_up(rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(topics);
  }
  ~KafkaSource() override {
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(client_);
  }

  void read(Sink& sink, uint64_t room, bool) override {
    signal_.clear();
    while (room && sink.has_room()) {
      auto count = rd_kafka_consume_batch_queue(queue_, 0, batch_.data(), std::min<size_t>(room, batch_.size()));
      if (count <= 0) return;
      room -= static_cast<uint64_t>(count);
      for (ssize_t i = 0; i < count; ++i) {
        send(sink, batch_[static_cast<size_t>(i)]);
        rd_kafka_message_destroy(batch_[static_cast<size_t>(i)]);
      }
    }
  }
  [[nodiscard]] uint64_t sent() const override { return sent_; }

  void settle(uint64_t number) override {
    settled_ = number;
    if (settled_ - stored_ >= kAcknowledgeAtOnce || settled_ == sent_) store();
  }
  void finish() override {
    store();
    if (auto error = rd_kafka_consumer_close(client_)) give_up(rd_kafka_err2str(error));
  }
  [[nodiscard]] pollfd waits_for(bool reading) const override { return signal_.waits_for(reading); }

 private:
  struct Place {
    int32_t partition;
    int64_t offset;
  };
  void send(Sink& sink, rd_kafka_message_t* record) {
    if (record->err) give_up(rd_kafka_message_errstr(record));
    place(++sent_) = {record->partition, record->offset};
    Message message;
    message.body = {static_cast<char*>(record->payload), record->len};
    message.record = record;
    sink.send(sent_, message);
  }
  Place& place(uint64_t number) { return places_[number & (places_.size() - 1)]; }
  /// The offsets are committed by librdkafka in its interval.
  void store() {
    if (stored_ == settled_) return;
    while (stored_ < settled_) {
      auto& [partition, offset] = place(++stored_);
      auto index = static_cast<size_t>(partition);
      if (index >= next_.size()) next_.resize(index + 1, RD_KAFKA_OFFSET_INVALID);
      next_[index] = offset + 1;
    }
    auto* offsets = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < next_.size(); ++i) {
      if (next_[i] == RD_KAFKA_OFFSET_INVALID) continue;
      rd_kafka_topic_partition_list_add(offsets, topic_.c_str(), static_cast<int32_t>(i))->offset = next_[i];
      next_[i] = RD_KAFKA_OFFSET_INVALID;
    }
    if (auto error = rd_kafka_offsets_store(client_, offsets)) give_up(rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(offsets);
  }

  std::string topic_;
  rd_kafka_t* client_;
  rd_kafka_queue_t* queue_;
  QueueSignal signal_;
  std::array<rd_kafka_message_t*, 1000> batch_{};
  std::vector<Place> places_;  ///< of what is not stored yet, by number
  std::vector<int64_t> next_;  ///< by partition: the offset to store, while store() runs
  uint64_t sent_ = 0, settled_ = 0, stored_ = 0;
};

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(const Settings& settings)
      : client_(client(RD_KAFKA_PRODUCER, settings,
                       {{"enable.idempotence", "true"},
                        {"linger.ms", std::to_string(settings.linger_ms)},
                        {"batch.num.messages", "10000"},
                        {"batch.size", "1000000"},
                        {"message.max.bytes", "99000000"},
                        {"queue.buffering.max.messages", "1000000"}})),
        topic_(rd_kafka_topic_new(client_, settings.sink.c_str(), nullptr)),
        reports_(rd_kafka_queue_get_main(client_)),
        signal_(reports_),
        confirmations_(settings.window + settings.prefetch) {
    // Without it the first message may wait for a second.
    const rd_kafka_metadata_t* metadata = nullptr;
    if (auto error = rd_kafka_metadata(client_, 0, topic_, &metadata, 10'000)) give_up(rd_kafka_err2str(error));
    rd_kafka_metadata_destroy(metadata);
  }
  ~KafkaSink() override {
    rd_kafka_queue_destroy(reports_);
    rd_kafka_topic_destroy(topic_);
    rd_kafka_destroy(client_);
  }

  void send(uint64_t number, const Message& message) override {
    auto* headers = message.record ? headers_of(*message.record) : headers_of(*message.properties);
    auto error = rd_kafka_producev(client_, RD_KAFKA_V_RKT(topic_), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                   RD_KAFKA_V_VALUE(const_cast<char*>(message.body.data()), message.body.size()),
                                   RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(number)),
                                   RD_KAFKA_V_END);
    if (error) give_up(rd_kafka_err2str(error));
  }
  void serve(bool) override {
    signal_.clear();
    while (auto* event = rd_kafka_queue_poll(reports_, 0)) {
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
        std::fprintf(stderr, "bare-loop: %s\n", rd_kafka_event_error_string(event));
      while (auto* report = rd_kafka_event_message_next(event)) {
        if (report->err) give_up(rd_kafka_err2str(report->err));
        confirmations_.one(reinterpret_cast<uint64_t>(report->_private));
      }
      rd_kafka_event_destroy(event);
    }
  }
  [[nodiscard]] uint64_t confirmed() const override { return confirmations_.whole(); }
  [[nodiscard]] pollfd waits_for() const override { return signal_.waits_for(true); }

 private:
  /// Taken from the record, which does not need them any more.
  static rd_kafka_headers_t* headers_of(rd_kafka_message_t& record) {
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_detach_headers(&record, &headers);
    return headers;
  }
  static rd_kafka_headers_t* headers_of(const amqp_basic_properties_t& properties) {
    if (!(properties._flags & AMQP_BASIC_HEADERS_FLAG)) return nullptr;
    auto count = static_cast<size_t>(properties.headers.num_entries);
    auto* headers = rd_kafka_headers_new(count);
    for (size_t i = 0; i < count; ++i) {
      auto& [key, value] = properties.headers.entries[i];
      if (value.kind != AMQP_FIELD_KIND_UTF8 && value.kind != AMQP_FIELD_KIND_BYTES)
        give_up("a header that is no text");
      rd_kafka_header_add(headers, static_cast<char*>(key.bytes), static_cast<ssize_t>(key.len),
                          value.value.bytes.bytes, static_cast<ssize_t>(value.value.bytes.len));
    }
    return headers;
  }

  rd_kafka_t* client_;
  rd_kafka_topic_t* topic_;
  rd_kafka_queue_t* reports_;
  QueueSignal signal_;
  Confirmations confirmations_;
};

}  // namespace

std::unique_ptr<Source> kafka_source(const Settings& settings) { return std::make_unique<KafkaSource>(settings); }
std::unique_ptr<Sink> kafka_sink(const Settings& settings) { return std::make_unique<KafkaSink>(settings); }

}  // namespace bare
