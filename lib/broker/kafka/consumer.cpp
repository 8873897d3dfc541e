#include "broker/kafka/consumer.hpp"

#include <algorithm>
#include <future>
#include <sys/epoll.h>
#include <utility>

#include "broker/kafka/group_refusal.hpp"
#include "broker/kafka/own_topic.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kEventsPerRound = 1000;
/// librdkafka takes a consumer that does not poll for one that hangs.
constexpr Duration kLongestSleep = std::chrono::seconds(1);
/// The group cannot be left while nobody answers.
constexpr Duration kAwayPatience = std::chrono::milliseconds(100);

std::vector<uint32_t> of_part(const Settings& settings, Consumer::Part part) {
  std::vector<uint32_t> indices;
  for (uint32_t i = 0; i < settings.subscriptions.size(); ++i)
    if (settings.subscriptions[i].replies == (part == Consumer::Part::replies)) indices.push_back(i);
  return indices;
}

Settings only(const std::vector<uint32_t>& indices, Consumer::Part part, const Settings& all) {
  Settings some = all;
  some.subscriptions.clear();
  some.kafka_subscriptions.clear();
  for (auto i : indices) {
    some.subscriptions.push_back(all.subscriptions[i]);
    some.kafka_subscriptions.push_back(all.kafka_subscriptions[i]);
  }
  if (part == Consumer::Part::replies) some.group_id += ".replies";
  return some;
}

}  // namespace

Consumer::Consumer(const std::string& broker, const Settings& settings, Part part, Asker& asker)
    : broker_(broker),
      part_(part),
      indices_(of_part(settings, part)),
      settings_(only(indices_, part, settings)),
      asker_(asker),
      match_(settings_),
      loop_(broker + (part == Part::replies ? ":replies" : ":consume")),
      supervisor_(loop_, broker, "consumer", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
                  [this] { open(); }),
      connection_error_(settings_.bootstrap_servers),
      member_(settings_.group_id),
      start_offsets_(broker, settings_),
      links_(broker, settings_),
      transactions_(
          loop_, broker, assignment_,
          [this](const Assigned& p) {
            return !sink_ || full(p) || !p.early.empty() || rd_kafka_queue_length(p.queue.get()) > 0;
          },
          [this] { show_partitions(); }),
      bytes_(settings_.kafka_subscriptions.size()),
      rejected_(counter("rejected_as_accepted", broker)) {
  loop_.before_sleep([this] { return serve(); });
}

Consumer::~Consumer() {
  stop(Duration::zero());
  // Whoever still holds a delivery can have it no longer.
  for (auto& d : deliveries_) d.event.reset();
  assignment_.clear();
  former_.clear();
}

void Consumer::start(Sink& sink) {
  sink_ = &sink;
  started_ = true;
  loop_.watch(signal_.fd(), EPOLLIN, [this](uint32_t) { signal_.clear(); });
  loop_.post([this] { supervisor_.start(); });
  loop_.start();
}

void Consumer::stop_intake() {
  if (started_) loop_.call([this] { sink_ = nullptr; });
}

void Consumer::stop(Duration patience) {
  if (!std::exchange(started_, false)) return;
  bool away = supervisor_.status().state == LinkStatus::State::failing;
  auto said = std::make_shared<std::promise<void>>();
  loop_.post([this, said] {
    sink_ = nullptr;
    supervisor_.stop();
    begin_close([said] { said->set_value(); });
  });
  said->get_future().wait_for(away ? std::min<Duration>(patience, kAwayPatience) : patience);
  loop_.stop();
  on_closed_ = nullptr;
  take_settled();
  drop_client();
}

std::vector<LinkStatus> Consumer::status() const {
  auto client = supervisor_.status();
  auto all = links_.status();
  if (client.state == LinkStatus::State::up) return all;
  for (auto& link : all) {
    link.state = client.state;
    if (!client.detail.empty()) link.detail = client.detail;
  }
  return all;
}

void Consumer::open() {
  if (!client_)
    if (auto made = make(); !made) return supervisor_.failed(made.error());
  bool topic_missing = part_ == Part::replies && !has_topic();
  if (reachable_ && !topic_missing) return;
  asker_.ask([this, client = client_.get(), member = member_] {
    auto answer = ask_reachable(client, settings_.bootstrap_servers);
    if (answer && member.fenced()) answer = member.ask_free(client);
    if (answer) answer = start_offsets_.look(client);
    auto own_topic = answer ? have_own_topic(client) : fail(answer.error());
    loop_.post([this, client, own_topic] {
      if (client == client_.get()) asked(own_topic);
    });
  });
}

void Consumer::asked(const Result<bool>& own_topic) {
  if (own_topic) {
    bool joins = member_.fenced();
    member_.joins();
    // A topic that was made: else the client looks for it only when its metadata have grown old.
    if (joins || *own_topic) subscribe();
    return reachable();
  }
  if (reachable_ && part_ == Part::ordinary) return;
  reachable_ = false;
  if (member_.fenced()) return supervisor_.failed(own_topic.error(), settings_.reconnect_delay_max);
  supervisor_.failed({connection_error_.reason(own_topic.error().text)});
}

Result<> Consumer::make() {
  auto client = make_client(RD_KAFKA_CONSUMER, settings_, consumer_properties(settings_, match_));
  if (!client) return fail(client.error());
  client_ = std::move(*client);
  for (auto& s : settings_.kafka_subscriptions)
    if (!s.topic.starts_with('^')) set_reset_policy(s.topic, s.on_offset_lost);
  fetch_ahead_.emplace(client_.get());
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  signal_.watch(queue_.get());
  if (member_.fenced()) return {};  // first the group is asked whether the other is gone
  auto subscribed = subscribe();
  if (!subscribed) drop_client();
  return subscribed;
}

Result<bool> Consumer::have_own_topic(rd_kafka_t* client) {
  if (part_ != Part::replies || has_topic()) return false;
  auto had = have_topic(client, settings_.kafka_subscriptions.front().topic, {.keep = kKeepReplies});
  if (had) has_topic_ = true;
  return had;
}

Result<> Consumer::subscribe() {
  Partitions topics(rd_kafka_topic_partition_list_new(static_cast<int>(settings_.kafka_subscriptions.size())));
  for (auto& s : settings_.kafka_subscriptions)
    rd_kafka_topic_partition_list_add(topics.get(), s.topic.c_str(), RD_KAFKA_PARTITION_UA);
  auto code = rd_kafka_subscribe(client_.get(), topics.get());
  if (!code) return {};
  return fail("cannot subscribe: " + describe(code, {}));
}

void Consumer::reachable() {
  connection_error_.clear();
  if (std::exchange(reachable_, true)) return;
  supervisor_.opened(settings_.bootstrap_servers);
}

void Consumer::fail_client(const Error& error, Duration at_least) {
  drop_client();
  supervisor_.failed(error, at_least);
}

void Consumer::fatal() {
  char why[512] = "";
  auto cause = rd_kafka_fatal_error(client_.get(), why, sizeof why);
  if (member_.note(client_.get(), cause)) return fail_client({member_.reason()}, settings_.reconnect_delay_max);
  fail_client({describe(cause, why)});
}

// Records that somebody still holds are the client's memory: then it goes when they are settled.
void Consumer::drop_client() {
  reachable_ = false;
  if (!client_) return;
  strays_.clear();
  drop_partitions();
  asker_.wait();
  topics_.clear();
  queue_.reset();
  close_queue_.reset();
  old_clients_.push_back(std::move(client_));
  if (former_.empty()) old_clients_.clear();
}

void Consumer::begin_close(std::function<void()> on_closed) {
  if (!client_) return on_closed();
  take_settled();
  if (revoking_) finish_revoke();
  if (std::exchange(assigning_, nullptr)) {
    // An assignment that is not answered would keep the group from letting us go.
    ++rebalance_;
    refuse_assignment();
  }
  // A queue of its own: the consumer's queue is forwarded to it, and must not be forwarded to itself.
  close_queue_.reset(rd_kafka_queue_new(client_.get()));
  signal_.watch(close_queue_.get());
  on_closed_ = std::move(on_closed);
  ClientError error(rd_kafka_consumer_close_queue(client_.get(), close_queue_.get()));
  if (!error) return;
  log::warn("consumer does not close", {{"broker", broker_}, {"reason", rd_kafka_error_string(error.get())}});
  std::exchange(on_closed_, nullptr)();
}

Duration Consumer::serve() {
  take_settled();
  if (!client_) return Duration::max();
  bool more = poll_main(close_queue_ ? close_queue_.get() : queue_.get());
  if (client_) more |= poll_partitions() || !strays_.empty();
  take_settled();
  store_offsets();
  if (revoking_ && revoke_ready()) finish_revoke();
  if (on_closed_ && rd_kafka_consumer_closed(client_.get())) std::exchange(on_closed_, nullptr)();
  return more || !inbox_.empty() ? Duration::zero() : kLongestSleep;
}

// The signal comes only when a queue is no longer empty: true where it was not emptied.
bool Consumer::poll_main(rd_kafka_queue_t* queue) {
  if (!strays_.empty()) take_strays();
  if (!client_) return false;
  for (int i = 0; i < kEventsPerRound; ++i) {
    Event event(rd_kafka_queue_poll(queue, 0));
    if (!event) return false;
    handle_main(std::move(event));
    if (!client_) return false;
  }
  return true;
}

void Consumer::handle_main(Event event) {
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_REBALANCE:
      return rebalance(event.get());
    case RD_KAFKA_EVENT_ERROR: {
      if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR__PARTITION_EOF) return handle_error(event.get());
      TopicPartition end(rd_kafka_event_topic_partition(event.get()));
      if (end) keep_early({end->topic, end->partition}, std::move(event), nullptr);
      return;
    }
    case RD_KAFKA_EVENT_OFFSET_COMMIT: {
      auto code = rd_kafka_event_error(event.get());
      if (!code) {
        links_.group_works();
        return reachable();
      }
      if (code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        error_log_.event(log::Level::warn, "offsets not committed",
                         {{"broker", broker_}, {"reason", describe(code, {})}});
      return;
    }
    case RD_KAFKA_EVENT_FETCH: {
      auto* record = rd_kafka_event_message_next(event.get());
      return keep_early({rd_kafka_topic_name(record->rkt), record->partition}, std::move(event), record);
    }
    default:
      return;
  }
}

// In the order in which they came, the end of the partition behind its records.
void Consumer::keep_early(const PartitionKey& from, Event event, const rd_kafka_message_t* record) {
  auto found = assignment_.find(from);
  if (found == assignment_.end()) return;
  rd_kafka_queue_forward(found->second->queue.get(), nullptr);
  found->second->early.push_back({std::move(event), record});
}

void Consumer::take_strays() {
  for (auto& [event, record] : std::exchange(strays_, {})) {
    if (record)
      keep_early({rd_kafka_topic_name(record->rkt), record->partition}, std::move(event), record);
    else if (client_)
      handle_main(std::move(event));
  }
}

void Consumer::handle_error(rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  std::string_view words = rd_kafka_event_error_string(event);
  auto text = describe(code, words);
  if (rd_kafka_event_error_is_fatal(event)) return fatal();
  if (TopicPartition where(rd_kafka_event_topic_partition(event)); where) {
    auto found = assignment_.find({where->topic, where->partition});
    if (found != assignment_.end()) return partition_error(*found->second, event);
  }
  if (connection_error_.note(code, words)) {
    // The cluster answers, but not the one of its brokers that the group needs.
    if (reachable_ && words.starts_with("GroupCoordinator") && connection_error_.says_what_to_mend())
      links_.group_waits(connection_error_.reason(text));
    return;
  }
  if (auto why = why_not_joined(code, settings_.group_id, words); !why.empty()) return links_.group_fails(why);
  switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      reachable_ = false;
      return supervisor_.failed({connection_error_.reason(text)});
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return check_topics();
    default:
      error_log_.event(log::Level::warn, "consumer error", {{"broker", broker_}, {"reason", text}});
  }
}

}  // namespace mombridge::kafka
