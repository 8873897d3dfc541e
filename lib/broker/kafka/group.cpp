#include "broker/kafka/group.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "broker/kafka/record.hpp"

namespace mombridge::kafka {

namespace {

/// For all that a look at the group's offsets asks, and for the calls before it.
constexpr Duration kFindPatience = std::chrono::seconds(60);
constexpr Duration kFindAgain = std::chrono::seconds(1);
constexpr Duration kRevokePatience = std::chrono::seconds(5);
constexpr Duration kOwnRevokePatience = std::chrono::seconds(10);  ///< where no other member waits

Partitions copy_of(const rd_kafka_topic_partition_list_t* list) {
  return Partitions(rd_kafka_topic_partition_list_copy(list));
}

Duration session_timeout(rd_kafka_t* client) {
  return std::chrono::milliseconds(std::stoi(property_of(client, "session.timeout.ms")));
}

}  // namespace

Group::Group(EventLoop& loop, BlockingCalls& calls, std::string broker, std::shared_ptr<const Settings> settings,
             ConsumerClient& client, RecordReader& reader, SubscriptionLinks& links, FindOffsets find_offsets,
             Assigned assigned)
    : loop_(loop),
      broker_(std::move(broker)),
      settings_(std::move(settings)),
      client_(client),
      reader_(reader),
      links_(links),
      find_offsets_(std::move(find_offsets)),
      assigned_(std::move(assigned)),
      match_(*settings_),
      caller_(calls, loop) {}

void Group::change_to(std::shared_ptr<const Settings> settings) {
  settings_ = std::move(settings);
  match_ = TopicMatch(*settings_);
  for (auto& [key, reader] : reader_.assignment()) reader->subscribe_as(match_.subscription_of(key.first));
  reader_.show();
  if (!assigning_) return;
  caller_.cancel();
  stop_waiting();
  find_offsets();
}

bool Group::cooperative() const {
  auto* protocol = rd_kafka_rebalance_protocol(client_.get());
  return protocol && std::string_view(protocol) == "COOPERATIVE";
}

void Group::rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* partitions) {
  caller_.cancel();
  assigning_.reset();
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !client_.closing()) {
    assigning_ = copy_of(partitions);
    return find_offsets();
  }
  if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) return begin_revoke(partitions);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return refuse_assignment();
  log::warn("rebalance failed", {{"broker", broker_}, {"reason", describe(code, {})}});
  rd_kafka_assign(client_.get(), nullptr);
}

void Group::find_offsets() {
  // The call fills in a copy, because it may still be at it when this has been given up. Shared, because a
  // std::function wants what can be copied.
  auto list = std::make_shared<Partitions>(copy_of(assigning_.get()));
  caller_.ask(
      kFindPatience,
      [list, find = find_offsets_, owned = reader_.assignment().keys(), client = client_.shared()](TimePoint deadline) {
        return find(client.get(), list->get(), owned, deadline);
      },
      [this, list](const Result<bool>& found) {
        if (found && *found) assigning_ = std::move(*list);
        offsets_found(found);
      });
}

void Group::offsets_found(const Result<bool>& found) {
  if (found && *found) return assign();
  if (!found) links_.group_fails(found.error().text);
  stop_waiting();
  timer_ = loop_.after(kFindAgain, [this] {
    if (assigning_) find_offsets();
  });
}

void Group::assign() {
  auto list = std::exchange(assigning_, nullptr);
  for (int i = 0; i < list->cnt; ++i)
    take_partition({list->elems[i].topic, list->elems[i].partition}, list->elems[i].offset);
  std::string error;
  if (cooperative()) {
    ClientError failed(rd_kafka_incremental_assign(client_.get(), list.get()));
    if (failed) error = rd_kafka_error_string(failed.get());
  } else if (auto code = rd_kafka_assign(client_.get(), list.get())) {
    error = describe(code, {});
  }
  rejoins_ = false;
  if (!error.empty()) return assigned_(fail("cannot take the assignment: " + error));
  links_.positioned(true);
  log::info("partitions assigned", {{"broker", broker_}, {"new", list->cnt}, {"all", reader_.assignment().size()}});
  assigned_({});
}

void Group::take_partition(const PartitionKey& partition, int64_t offset) {
  // The group may give out what it does not know yet that nobody takes any more.
  auto subscription = match_.subscription_of(partition.first);
  if (subscription) client_.set_reset_policy(partition.first, settings_->subscriptions[*subscription].on_offset_lost);
  auto reader = std::make_unique<PartitionReader>(client_.shared(), partition, subscription,
                                                  id_prefix(broker_, partition.first, partition.second),
                                                  client_.open_partition(partition));
  reader->come_through(client_.fetch_queue());
  if (offset >= 0) reader->in_flight().begins_at(offset);
  reader_.add(std::move(reader));
}

void Group::refuse_assignment() {
  if (!cooperative()) {
    rd_kafka_assign(client_.get(), nullptr);
    return;
  }
  Partitions nothing(rd_kafka_topic_partition_list_new(0));
  ClientError ignored(rd_kafka_incremental_assign(client_.get(), nothing.get()));
}

// What is in flight gets a while to be settled, so that the next member does not get it again. The loop goes on
// meanwhile.
void Group::begin_revoke(const rd_kafka_topic_partition_list_t* partitions) {
  revoking_ = copy_of(partitions);
  for (int i = 0; i < revoking_->cnt; ++i)
    if (auto* reader = reader_.assignment().find({revoking_->elems[i].topic, revoking_->elems[i].partition}))
      reader->begin_revoke();
  if (client_.closing() || rd_kafka_assignment_lost(client_.get())) return finish_revoke();
  stop_waiting();
  timer_ = loop_.after(revoke_patience(), [this] {
    if (revoking_) finish_revoke();
  });
}

Duration Group::revoke_patience() const {
  return rejoins_ ? kOwnRevokePatience : std::min(kRevokePatience, session_timeout(client_.get()) / 4);
}

void Group::settled() {
  if (revoking_ && !reader_.assignment().revoke_waits()) finish_revoke();
}

void Group::finish_revoke() {
  stop_waiting();
  reader_.take_settled();
  auto list = std::exchange(revoking_, nullptr);
  // Of a lost assignment somebody else may have stored more already.
  bool lost = rd_kafka_assignment_lost(client_.get());
  bool incremental = cooperative();
  if (!lost) reader_.store_offsets();
  for (int i = 0; i < list->cnt; ++i) reader_.drop({list->elems[i].topic, list->elems[i].partition});
  // Unassigning commits what is stored.
  if (incremental) {
    ClientError failed(rd_kafka_incremental_unassign(client_.get(), list.get()));
    if (failed) log::warn("unassign failed", {{"broker", broker_}, {"reason", rd_kafka_error_string(failed.get())}});
  } else {
    rd_kafka_assign(client_.get(), nullptr);
    if (lost || !rejoins_) links_.positioned(false);
  }
  rejoins_ = false;
  log::info(lost ? "partitions lost" : "partitions revoked",
            {{"broker", broker_}, {"gone", list->cnt}, {"left", reader_.assignment().size()}});
  reader_.show();
}

void Group::prepare_close() {
  if (revoking_) finish_revoke();
  if (!assigning_) return;
  caller_.cancel();
  assigning_.reset();
  refuse_assignment();
}

void Group::forget() {
  caller_.cancel();
  stop_waiting();
  assigning_.reset();
  revoking_.reset();
  rejoins_ = false;
  links_.positioned(false);
}

void Group::stop_waiting() { loop_.cancel(std::exchange(timer_, 0)); }

}  // namespace mombridge::kafka
