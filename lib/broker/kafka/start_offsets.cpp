#include "broker/kafka/start_offsets.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "base/log.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kPatienceMs = 3000;
/// The member that decides may be of another version or have other subscriptions. Then each decides for itself.
constexpr Duration kWaitForOthers = std::chrono::seconds(10);

bool forbidden_or_gone(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

/// `ours`: an error of one partition counts, else only one that may pass.
Result<> committed(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions, bool ours, TimePoint deadline) {
  auto code = rd_kafka_committed(client, partitions, milliseconds_until(deadline, kPatienceMs));
  for (int i = 0; i < partitions->cnt && !code; ++i) {
    auto& p = partitions->elems[i];
    bool missing = p.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (p.err && !missing && (ours || !forbidden_or_gone(p.err))) code = p.err;
    p.err = RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  if (code) return fail("cannot read the group's offsets: " + describe(code, {}));
  return {};
}

/// Replaces RD_KAFKA_OFFSET_END and RD_KAFKA_OFFSET_BEGINNING by the offsets that these are now, in one question to
/// each leader. A partition that is forbidden or gone keeps an error.
Result<> resolve(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions, TimePoint deadline) {
  auto code = rd_kafka_offsets_for_times(client, partitions, milliseconds_until(deadline, kPatienceMs));
  for (int i = 0; i < partitions->cnt && !code; ++i)
    if (auto error = partitions->elems[i].err; error && !forbidden_or_gone(error)) code = error;
  if (code) return fail("cannot read where the partitions begin and end: " + describe(code, {}));
  return {};
}

Partitions list_of(const std::vector<rd_kafka_topic_partition_t*>& some, int64_t offset) {
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(some.size())));
  for (auto* p : some) rd_kafka_topic_partition_list_add(list.get(), p->topic, p->partition)->offset = offset;
  return list;
}

Result<Metadata> all_topics(rd_kafka_t* client, TimePoint deadline) {
  const rd_kafka_metadata_t* metadata = nullptr;
  auto code = rd_kafka_metadata(client, 1, nullptr, &metadata, milliseconds_until(deadline, kPatienceMs));
  if (code) return fail("cannot read which topics there are: " + describe(code, {}));
  return Metadata(metadata);
}

Result<> commit(rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets, TimePoint deadline) {
  Queue answers(rd_kafka_queue_new(client));
  auto code = rd_kafka_commit_queue(client, offsets, answers.get(), nullptr, nullptr);
  Event event(code ? nullptr : rd_kafka_queue_poll(answers.get(), milliseconds_until(deadline, kPatienceMs)));
  if (!code) code = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  // One that may not be read is not ours to commit; the others are committed all the same.
  if (!code || forbidden_or_gone(code)) return {};
  return fail("cannot commit where the group begins: " + describe(code, {}));
}

}  // namespace

StartOffsets::StartOffsets(std::string broker, std::shared_ptr<const Settings> settings)
    : broker_(std::move(broker)), settings_(std::move(settings)), match_(*settings_) {}

void StartOffsets::change_to(std::shared_ptr<const Settings> settings) {
  settings_ = std::move(settings);
  match_ = TopicMatch(*settings_);
  std::erase_if(present_, [this](auto& looked) {
    auto& all = settings_->subscriptions;
    return std::ranges::none_of(all, [&](auto& s) { return s.topic == looked.first && s.start == Start::latest; });
  });
}

Result<> StartOffsets::look(rd_kafka_t* client, TimePoint deadline) {
  deadline_ = deadline;
  std::vector<std::string> unknown;
  for (auto& s : settings_->subscriptions)
    if (s.start == Start::latest && !present_.contains(s.topic)) unknown.push_back(s.topic);
  if (unknown.empty()) return {};
  auto metadata = all_topics(client, deadline_);
  if (!metadata) return fail(metadata.error());
  auto present = std::make_shared<Names>();
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) present->insert((*metadata)->topics[i].topic);
  // One that may not be seen now is not new when it may.
  for (auto& topic : unknown) {
    if (topic.starts_with('^') || present->contains(topic)) continue;
    Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
    auto one = ask_metadata(client, handle.get(), deadline_);
    if (!one) return fail(one.error());
    auto code = (*one)->topic_cnt == 1 ? (*one)->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) present->insert(topic);
  }
  for (auto& topic : unknown) present_[topic] = present;
  return {};
}

bool StartOffsets::appeared(const char* topic) {
  auto subscription = match_.subscription_of(topic);
  if (!subscription) return true;
  auto looked = present_.find(settings_->subscriptions[*subscription].topic);
  return looked == present_.end() || !looked->second->contains(topic);
}

Result<bool> StartOffsets::find(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions,
                                const std::set<PartitionKey>& owned, TimePoint deadline) {
  if (auto ok = look(client, deadline); !ok) return fail(ok.error());
  if (auto ok = committed(client, partitions, true, deadline_); !ok) return fail(ok.error());
  std::map<uint32_t, Elements> missing;
  for (int i = 0; i < partitions->cnt; ++i) {
    auto& p = partitions->elems[i];
    if (p.offset >= 0) continue;
    if (auto subscription = match_.subscription_of(p.topic))
      missing[*subscription].push_back(&p);
    else
      p.offset = RD_KAFKA_OFFSET_END;
  }
  auto all_owned = owned;
  for (int i = 0; i < partitions->cnt; ++i)
    all_owned.emplace(partitions->elems[i].topic, partitions->elems[i].partition);
  for (auto& [subscription, elements] : missing)
    if (auto placed = place(client, subscription, elements, all_owned); !placed || !*placed) return placed;
  waits_since_ = {};
  return true;
}

Result<bool> StartOffsets::place(rd_kafka_t* client, uint32_t subscription, const Elements& missing,
                                 const std::set<PartitionKey>& owned) {
  auto all = partitions_of(client, subscription);
  if (!all) return fail(all.error());
  if (auto ok = committed(client, all->get(), false, deadline_); !ok) return fail(ok.error());
  bool any = false;
  for (int i = 0; i < (*all)->cnt; ++i) any |= (*all)->elems[i].offset >= 0;
  bool latest = settings_->subscriptions[subscription].start == Start::latest;
  if (!any && latest) {
    if (must_wait(*all, owned)) return false;
    if (auto ok = commit_ends(client, *all, missing); !ok) return fail(ok.error());
  }
  auto lows = list_of(missing, RD_KAFKA_OFFSET_BEGINNING);
  bool known = resolve(client, lows.get(), deadline_).has_value();  // for the log alone
  for (size_t i = 0; i < missing.size(); ++i) {
    auto& p = *missing[i];
    // Another member, or commit_ends() just now, may have committed it since.
    auto* now = rd_kafka_topic_partition_list_find(all->get(), p.topic, p.partition);
    p.offset = now && now->offset >= 0 ? now->offset : RD_KAFKA_OFFSET_BEGINNING;
    if (p.offset >= 0) continue;
    auto& low = lows->elems[i];
    log_start(
        p, known && !low.err ? low.offset : RD_KAFKA_OFFSET_BEGINNING, 0,
        any ? "it is new: the group has committed offsets for others of this subscription, but not for it"
        : latest
            ? "where it ends may not be read"
            : "the group has no committed offset for this subscription: it is new, or its offsets expired while it "
              "was stopped (the broker's offsets.retention.minutes); start is earliest");
  }
  return true;
}

// The ends are those of one moment for all partitions, also for those of other members. What this member alone knows to
// be new begins at its beginning, and is committed too, or it would not be new any more after a restart.
Result<> StartOffsets::commit_ends(rd_kafka_t* client, const Partitions& all, const Elements& missing) {
  auto ours = [&](const rd_kafka_topic_partition_t& p) {
    return std::ranges::any_of(missing,
                               [&](auto* m) { return m->partition == p.partition && !std::strcmp(m->topic, p.topic); });
  };
  Elements some;
  for (int i = 0; i < all->cnt; ++i)
    if (auto& p = all->elems[i]; !appeared(p.topic) || ours(p)) some.push_back(&p);
  auto lows = list_of(some, RD_KAFKA_OFFSET_BEGINNING), begins = list_of(some, RD_KAFKA_OFFSET_END);
  for (int i = 0; i < begins->cnt; ++i)
    if (appeared(begins->elems[i].topic)) begins->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
  for (auto* list : {&lows, &begins})
    if (auto ok = resolve(client, list->get(), deadline_); !ok) return ok;
  for (int i = begins->cnt; i-- > 0;) {
    if (!begins->elems[i].err && begins->elems[i].offset >= 0) continue;
    rd_kafka_topic_partition_list_del_by_idx(begins.get(), i);
    rd_kafka_topic_partition_list_del_by_idx(lows.get(), i);
  }
  if (!begins->cnt) return {};
  if (auto ok = commit(client, begins.get(), deadline_); !ok) return ok;
  for (int i = 0; i < begins->cnt; ++i) {
    auto& begin = begins->elems[i];
    rd_kafka_topic_partition_list_find(all.get(), begin.topic, begin.partition)->offset = begin.offset;
    log_start(begin, begin.offset, std::max<int64_t>(begin.offset - lows->elems[i].offset, 0),
              appeared(begin.topic)
                  ? "the topic did not exist when the bridge began"
                  : "the group has no committed offset for this subscription: it is new, or its offsets "
                    "expired while it was stopped (the broker's offsets.retention.minutes); start is latest");
  }
  return {};
}

Result<Partitions> StartOffsets::partitions_of(rd_kafka_t* client, uint32_t subscription) {
  auto& name = settings_->subscriptions[subscription].topic;
  bool expression = name.starts_with('^');
  Topic handle(expression ? nullptr : rd_kafka_topic_new(client, name.c_str(), nullptr));
  auto metadata = expression ? all_topics(client, deadline_) : ask_metadata(client, handle.get(), deadline_);
  if (!metadata) return fail(metadata.error());
  Partitions list(rd_kafka_topic_partition_list_new(16));
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    auto& topic = (*metadata)->topics[i];
    if (topic.err || match_.find(topic.topic) != subscription) continue;
    if (expression && std::ranges::find(settings_->own_names, topic.topic) != settings_->own_names.end()) continue;
    for (int p = 0; p < topic.partition_cnt; ++p)
      rd_kafka_topic_partition_list_add(list.get(), topic.topic, topic.partitions[p].id);
  }
  rd_kafka_topic_partition_list_sort(list.get(), nullptr, nullptr);
  return list;
}

bool StartOffsets::must_wait(const Partitions& all, const std::set<PartitionKey>& owned) {
  int first = 0;
  while (first < all->cnt && appeared(all->elems[first].topic)) ++first;
  if (first == all->cnt || owned.contains({all->elems[first].topic, all->elems[first].partition})) return false;
  if (waits_since_ == TimePoint{}) waits_since_ = Clock::now();
  return Clock::now() - waits_since_ < kWaitForOthers;
}

// A warning where a user may miss something: nobody can tell a group whose offsets expired from a new one.
void StartOffsets::log_start(const rd_kafka_topic_partition_t& p, int64_t offset, int64_t skipped, const char* why) {
  bool beginning = p.offset == RD_KAFKA_OFFSET_BEGINNING || appeared(p.topic);
  log::event(skipped ? log::Level::warn : log::Level::info, "partition begins without a committed offset",
             {{"broker", broker_},
              {"group", settings_->group_id},
              {"topic", p.topic},
              {"partition", p.partition},
              {"begins", beginning ? "beginning" : "end"},
              {"offset", offset},
              {"skipped", skipped},
              {"reason", why}});
}

}  // namespace mombridge::kafka
