#include "broker/kafka/consumer_client.hpp"

#include <algorithm>
#include <sys/epoll.h>
#include <utility>

#include "base/log.hpp"

namespace mombridge::kafka {

namespace {

/// About what librdkafka keeps of a record beside its bytes: an operation in its queue.
constexpr uint64_t kPerRecord = 600;

/// The most that a client with these settings holds of records that nobody has taken: its queue, and one answer of a
/// broker, which is asked for when the queue is not full yet.
uint64_t fetched_ahead(rd_kafka_t* client) {
  auto number = [&](const char* name) { return std::stoull(property_of(client, name)); };
  auto queue = 1000 * number("queued.max.messages.kbytes") + kPerRecord * number("queued.min.messages");
  return queue + number("fetch.max.bytes");
}

}  // namespace

ConsumerClient::ConsumerClient(EventLoop& loop, std::string broker, std::shared_ptr<const Settings> settings)
    : loop_(loop), broker_(std::move(broker)), settings_(std::move(settings)) {
  reserve_.expect_queue();
  loop_.watch(signal_.fd(), EPOLLIN, [this](uint32_t) { signal_.clear(); });
}

ConsumerClient::~ConsumerClient() {
  drop();
  loop_.unwatch(signal_.fd());
}

Result<> ConsumerClient::make() {
  auto properties = consumer_properties(*settings_, TopicMatch(*settings_), reserve_.queue_limit());
  auto client = make_client(RD_KAFKA_CONSUMER, *settings_, properties);
  if (!client) return fail(client.error());
  client_ = share(std::move(*client));
  reserve_.hold(fetched_ahead(get()));
  set_reset_policies();
  rd_kafka_poll_set_consumer(get());
  queue_.reset(rd_kafka_queue_get_consumer(get()));
  fetch_queue_.queue.reset(rd_kafka_queue_new(get()));
  signal_.watch(fetch_queue_.queue.get());
  signal_.watch(queue_.get());
  return {};
}

Result<> ConsumerClient::subscribe() {
  Partitions topics(rd_kafka_topic_partition_list_new(static_cast<int>(settings_->subscriptions.size())));
  for (auto& s : settings_->subscriptions)
    rd_kafka_topic_partition_list_add(topics.get(), s.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (auto code = rd_kafka_subscribe(get(), topics.get())) return fail("cannot subscribe: " + describe(code, {}));
  subscribed_ = topics_of(*settings_);
  return {};
}

bool ConsumerClient::can_change_to(const Settings& settings) const {
  if (!client_) return true;
  TopicMatch match(settings);
  if (hidden_topics(settings, match) != hidden_topics(*settings_, TopicMatch(*settings_))) return false;
  return std::ranges::all_of(reset_policies_, [&](auto& known) {
    auto subscription = match.find(known.first);
    return !subscription || settings.subscriptions[*subscription].on_offset_lost == known.second.lost;
  });
}

void ConsumerClient::change_to(std::shared_ptr<const Settings> settings) {
  settings_ = std::move(settings);
  if (client_) set_reset_policies();
}

std::set<std::string> ConsumerClient::topics_of(const Settings& settings) {
  std::set<std::string> topics;
  for (auto& s : settings.subscriptions) topics.insert(s.topic);
  return topics;
}

// Before anything else asks for the topics, because the first handle of a topic decides.
void ConsumerClient::set_reset_policies() {
  for (auto& s : settings_->subscriptions)
    if (!s.topic.starts_with('^')) set_reset_policy(s.topic, s.on_offset_lost);
}

Event ConsumerClient::next_event() {
  return Event(rd_kafka_queue_poll(close_queue_ ? close_queue_.get() : queue_.get(), 0));
}

Queue ConsumerClient::open_partition(const PartitionKey& partition) {
  return Queue(rd_kafka_queue_get_partition(get(), partition.first.c_str(), partition.second));
}

void ConsumerClient::set_reset_policy(const std::string& topic, OnOffsetLost lost) {
  auto [policy, added] = reset_policies_.try_emplace(topic, lost);
  if (!added || lost == OnOffsetLost::stop) return;
  TopicConf conf(rd_kafka_default_topic_conf_dup(get()));
  char text[128];
  rd_kafka_topic_conf_set(conf.get(), "auto.offset.reset", lost == OnOffsetLost::earliest ? "earliest" : "latest", text,
                          sizeof text);
  policy->second.topic.reset(rd_kafka_topic_new(get(), topic.c_str(), conf.release()));
}

void ConsumerClient::begin_close(std::function<void()> closed) {
  // A queue of its own: the consumer's queue is forwarded to it, and must not be forwarded to itself.
  close_queue_.reset(rd_kafka_queue_new(get()));
  signal_.watch(close_queue_.get());
  closed_ = std::move(closed);
  ClientError error(rd_kafka_consumer_close_queue(get(), close_queue_.get()));
  if (!error) return;
  log::warn("consumer does not close", {{"broker", broker_}, {"reason", rd_kafka_error_string(error.get())}});
  std::exchange(closed_, nullptr)();
}

void ConsumerClient::check_closed() {
  if (closed_ && rd_kafka_consumer_closed(get())) std::exchange(closed_, nullptr)();
}

void ConsumerClient::drop() {
  reset_policies_.clear();
  subscribed_.clear();
  queue_.reset();
  close_queue_.reset();
  fetch_queue_ = {};
  reserve_.hold(0);
  if (client_) stop_sending(get());
  client_.reset();
}

}  // namespace mombridge::kafka
