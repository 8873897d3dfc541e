#include <algorithm>
#include <string>
#include <utility>

#include "broker/kafka/consumer.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kAskAgain = std::chrono::seconds(1);
constexpr Duration kCheckTopics = std::chrono::seconds(5);
constexpr Duration kRevokePatience = std::chrono::seconds(5);

Partitions copy_of(const rd_kafka_topic_partition_list_t* list) {
  return Partitions(rd_kafka_topic_partition_list_copy(list));
}

Duration session_timeout(rd_kafka_t* client) {
  return std::chrono::milliseconds(std::stoi(property_of(client, "session.timeout.ms")));
}

/// Why a topic cannot be had; empty: it can, or it is not known.
std::string topic_error(rd_kafka_t* client, const std::string& topic) {
  Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get());
  if (!metadata || (*metadata)->topic_cnt != 1) return {};
  auto code = (*metadata)->topics[0].err;
  if (!code) return {};
  bool forbidden = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  return describe(code, {}) +
         (forbidden ? "; allow the operations Describe and Read on topic " + topic : std::string());
}

}  // namespace

bool Consumer::cooperative() const {
  auto* protocol = rd_kafka_rebalance_protocol(client_.get());
  return protocol && std::string_view(protocol) == "COOPERATIVE";
}

void Consumer::rebalance(rd_kafka_event_t* event) {
  ++rebalance_;
  assigning_.reset();
  auto code = rd_kafka_event_error(event);
  auto* list = rd_kafka_event_topic_partition_list(event);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !on_closed_) {
    assigning_ = copy_of(list);
    return ask_positions();
  }
  if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) return begin_revoke(copy_of(list));
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return refuse_assignment();
  log::warn("rebalance failed", {{"broker", broker_}, {"reason", describe(code, {})}});
  rd_kafka_assign(client_.get(), nullptr);
}

// The group waits for our answer meanwhile; heartbeats go on.
void Consumer::ask_positions() {
  // std::function wants what can be copied.
  auto list = std::make_shared<Partitions>(copy_of(assigning_.get()));
  std::set<PartitionKey> owned;
  for (auto& [key, partition] : assignment_) owned.insert(key);
  asker_.ask([this, list, owned, client = client_.get(), rebalance = rebalance_] {
    auto found = start_offsets_.find(client, list->get(), owned);
    loop_.post([this, list, found, rebalance] {
      if (rebalance != rebalance_ || !assigning_) return;
      assigning_ = std::move(*list);
      found_positions(found);
    });
  });
}

void Consumer::found_positions(const Result<bool>& found) {
  if (found && *found) return assign();
  if (!found) links_.group_fails(found.error().text);
  group_timer_ = loop_.after(kAskAgain, [this, rebalance = rebalance_] {
    if (rebalance == rebalance_ && assigning_) ask_positions();
  });
}

void Consumer::assign() {
  auto list = std::exchange(assigning_, nullptr);
  for (int i = 0; i < list->cnt; ++i) add_partition(list->elems[i]);
  std::string error;
  if (cooperative()) {
    ClientError failed(rd_kafka_incremental_assign(client_.get(), list.get()));
    if (failed) error = rd_kafka_error_string(failed.get());
  } else if (auto code = rd_kafka_assign(client_.get(), list.get())) {
    error = describe(code, {});
  }
  if (!error.empty()) return fail_client({"cannot take the assignment: " + error});
  links_.positioned(true);
  reachable();
  log::info("partitions assigned", {{"broker", broker_}, {"new", list->cnt}, {"all", assignment_.size()}});
  transactions_.watch(client_.get());
}

void Consumer::refuse_assignment() {
  if (!cooperative()) {
    rd_kafka_assign(client_.get(), nullptr);
    return;
  }
  Partitions nothing(rd_kafka_topic_partition_list_new(0));
  ClientError ignored(rd_kafka_incremental_assign(client_.get(), nothing.get()));
}

// The first handle of a topic decides, and the client ignores the policy of later ones. So it is made before anything
// else asks for the topic.
void Consumer::set_reset_policy(const std::string& topic, OnOffsetLost lost) {
  if (lost == OnOffsetLost::stop) return;
  TopicConf conf(rd_kafka_default_topic_conf_dup(client_.get()));
  char text[128];
  rd_kafka_topic_conf_set(conf.get(), "auto.offset.reset", lost == OnOffsetLost::earliest ? "earliest" : "latest", text,
                          sizeof text);
  topics_.emplace_back(rd_kafka_topic_new(client_.get(), topic.c_str(), conf.release()));
}

void Consumer::add_partition(const rd_kafka_topic_partition_t& partition) {
  auto p = std::make_unique<Assigned>();
  p->topic = partition.topic;
  p->number = partition.partition;
  p->id_prefix = id_prefix(broker_, p->topic, p->number);
  p->subscription = match_.subscription_of(p->topic);
  set_reset_policy(p->topic, settings_.kafka_subscriptions[p->subscription].on_offset_lost);
  p->queue.reset(rd_kafka_queue_get_partition(client_.get(), partition.topic, partition.partition));
  // Before it is assigned, because the client then leaves it so. Else it forwards the queue to the common one when it
  // begins to fetch, and polling it takes what belongs to others.
  rd_kafka_queue_forward(p->queue.get(), nullptr);
  signal_.watch(p->queue.get());
  p->position.reset(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(p->position.get(), partition.topic, partition.partition);
  PartitionKey key{p->topic, p->number};
  if (auto old = assignment_.find(key); old != assignment_.end()) drop_partition(old);
  assignment_.emplace(std::move(key), std::move(p));
}

// What is in flight gets a while to be settled, so that whoever has the partition next does not get it again. The loop
// goes on meanwhile.
void Consumer::begin_revoke(Partitions list) {
  revoking_ = std::move(list);
  for (int i = 0; i < revoking_->cnt; ++i)
    if (auto found = assignment_.find({revoking_->elems[i].topic, revoking_->elems[i].partition});
        found != assignment_.end())
      found->second->revoking = true;
  if (on_closed_ || rd_kafka_assignment_lost(client_.get())) return finish_revoke();
  loop_.cancel(group_timer_);
  group_timer_ = loop_.after(revoke_patience(), [this] {
    if (revoking_) finish_revoke();
  });
}

Duration Consumer::revoke_patience() const { return std::min(kRevokePatience, session_timeout(client_.get()) / 4); }

bool Consumer::revoke_ready() const {
  return std::ranges::none_of(assignment_, [](auto& p) { return p.second->revoking && p.second->held; });
}

void Consumer::finish_revoke() {
  loop_.cancel(std::exchange(group_timer_, 0));
  take_settled();
  auto list = std::exchange(revoking_, nullptr);
  // Of a lost assignment somebody else may have stored more already.
  bool lost = rd_kafka_assignment_lost(client_.get());
  bool incremental = cooperative();
  if (!lost) store_offsets();
  for (int i = 0; i < list->cnt; ++i)
    if (auto found = assignment_.find({list->elems[i].topic, list->elems[i].partition}); found != assignment_.end())
      drop_partition(found);
  // Unassigning commits what is stored.
  if (incremental) {
    ClientError failed(rd_kafka_incremental_unassign(client_.get(), list.get()));
    if (failed) log::warn("unassign failed", {{"broker", broker_}, {"reason", rd_kafka_error_string(failed.get())}});
  } else {
    rd_kafka_assign(client_.get(), nullptr);
    links_.positioned(false);
  }
  log::info(lost ? "partitions lost" : "partitions revoked",
            {{"broker", broker_}, {"gone", list->cnt}, {"left", assignment_.size()}});
  show_partitions();
}

void Consumer::drop_partition(Assignment::iterator at) {
  auto p = std::move(at->second);
  assignment_.erase(at);
  p->current = false;
  p->early.clear();
  Signal::unwatch(p->queue.get());
  p->queue.reset();
  if (p->in_flight) former_.push_back(std::move(p));  // until the last of it is settled
}

void Consumer::drop_partitions() {
  ++rebalance_;
  assigning_.reset();
  revoking_.reset();
  while (!assignment_.empty()) drop_partition(assignment_.begin());
  links_.positioned(false);
  show_partitions();
}

// librdkafka says that a topic is missing, but neither which nor when it is no longer.
void Consumer::check_topics() {
  loop_.cancel(std::exchange(topics_timer_, 0));
  asker_.ask([this, client = client_.get()] {
    std::vector<std::string> errors;
    for (auto& s : settings_.kafka_subscriptions)
      errors.push_back(s.topic.starts_with('^') ? std::string() : topic_error(client, s.topic));
    loop_.post([this, errors] { topics_checked(errors); });
  });
}

void Consumer::topics_checked(const std::vector<std::string>& errors) {
  if (!links_.topics(errors) || !client_ || on_closed_) return;
  topics_timer_ = loop_.after(kCheckTopics, [this] {
    topics_timer_ = 0;
    if (client_) check_topics();
  });
}

void Consumer::show_partitions() {
  std::vector<std::string> errors(settings_.kafka_subscriptions.size()), notes(errors.size());
  for (auto& [key, p] : assignment_) {
    if (!p->error.empty()) errors[p->subscription] = p->error;
    if (auto note = OpenTransactions::note(*p); !note.empty()) notes[p->subscription] = std::move(note);
  }
  links_.partitions(std::move(errors), std::move(notes));
}

}  // namespace mombridge::kafka
