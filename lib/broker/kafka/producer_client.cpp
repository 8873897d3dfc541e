#include "broker/kafka/producer_client.hpp"

#include <charconv>
#include <sys/epoll.h>

#include "broker/kafka/login.hpp"
#include "broker/kafka/produce.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kTopicsKept = 1000;

ProducerLimits limits_of(rd_kafka_t* client) {
  ProducerLimits limits{.message_max_bytes = property_of(client, "message.max.bytes"),
                        .compression = property_of(client, "compression.codec"),
                        .principal = {}};
  auto size = property_of(client, "batch.size");
  std::from_chars(size.data(), size.data() + size.size(), limits.batch_size);
  return limits;
}

}  // namespace

ProducerClient::ProducerClient(EventLoop& loop, std::function<void()> on_events) : loop_(loop) {
  loop_.watch(signal_.fd(), EPOLLIN, [this, on_events = std::move(on_events)](uint32_t) {
    signal_.clear();
    on_events();
  });
}

ProducerClient::~ProducerClient() {
  drop();
  loop_.unwatch(signal_.fd());
}

Result<> ProducerClient::make(const Settings& settings, const ClientProperties& properties) {
  auto client = make_client(RD_KAFKA_PRODUCER, settings, properties);
  if (!client) return fail(client.error());
  client_ = share(std::move(*client));
  limits_ = limits_of(client_.get());
  limits_.principal = Login(settings).principal();
  events_.reset(rd_kafka_queue_get_main(client_.get()));
  signal_.watch(events_.get());
  return {};
}

bool ProducerClient::has_failed() const { return failure_code() != RD_KAFKA_RESP_ERR_NO_ERROR; }

rd_kafka_resp_err_t ProducerClient::failure_code() const { return rd_kafka_fatal_error(client_.get(), nullptr, 0); }

std::string ProducerClient::failure() const {
  char why[512] = "";
  auto cause = rd_kafka_fatal_error(client_.get(), why, sizeof why);
  return describe(cause, why);
}

rd_kafka_resp_err_t ProducerClient::produce(Publication& p, int64_t time_ms, bool alone, unsigned& dropped) {
  std::shared_ptr<rd_kafka_topic_t> topic_handle;
  ProducedRecord* slot;
  {
    std::lock_guard lock(mutex_);
    topic_handle = topic(p.target);
    slot = free_.empty() ? &slots_.emplace_back() : free_.back();
    if (!free_.empty()) free_.pop_back();
    *slot = {
        .publication = &p, .number = next_number_++, .alone = alone || p.message->body.size() > limits_.batch_size};
  }
  auto code = kafka::produce(client_.get(), topic_handle.get(), p, time_ms, slot, dropped);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  std::lock_guard lock(mutex_);
  *slot = {};
  free_.push_back(slot);
  return code;
}

// Handles are shared: they may go while somebody produces with one.
std::shared_ptr<rd_kafka_topic_t> ProducerClient::topic(std::string_view name) {
  if (auto found = topics_.find(name); found != topics_.end()) return found->second;
  if (topics_.size() >= kTopicsKept) topics_.clear();
  std::string text(name);
  auto* handle = rd_kafka_topic_new(client_.get(), text.c_str(), nullptr);
  return topics_[std::move(text)] = std::shared_ptr<rd_kafka_topic_t>(handle, rd_kafka_topic_destroy);
}

size_t ProducerClient::records() const {
  std::lock_guard lock(mutex_);
  return slots_.size() - free_.size();
}

void ProducerClient::give_back(const std::vector<ProducedRecord*>& slots) {
  std::lock_guard lock(mutex_);
  free_.insert(free_.end(), slots.begin(), slots.end());
}

// Nothing may read a body once its publication is given back: so the sockets are cut first, however long the client
// then takes to end.
std::vector<ProducedRecord> ProducerClient::drop() {
  if (!client_) return {};
  stop_sending(client_.get());
  events_.reset();
  topics_.clear();
  client_.reset();
  std::vector<ProducedRecord> left;
  for (auto& slot : slots_)
    if (slot.publication) left.push_back(slot);
  free_.clear();
  slots_.clear();
  return left;
}

}  // namespace mombridge::kafka
