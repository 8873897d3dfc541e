#include "broker/kafka/assignment.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mombridge::kafka {

void Assignment::add(std::unique_ptr<PartitionReader> reader) {
  auto key = reader->key();
  drop(key);
  found_.clear();
  readers_.emplace(std::move(key), std::move(reader));
}

void Assignment::drop(const PartitionKey& key) {
  auto found = readers_.find(key);
  if (found == readers_.end()) return;
  auto reader = std::move(found->second);
  readers_.erase(found);
  found_.clear();
  latest_ = nullptr;
  reader->drop();
  if (reader->in_flight().messages()) former_.push_back(std::move(reader));
}

void Assignment::drop_all() {
  while (!readers_.empty()) drop(PartitionKey(readers_.begin()->first));
}

void Assignment::released(PartitionReader& reader) {
  if (reader.current() || reader.in_flight().messages()) return;
  std::erase_if(former_, [&](auto& former) { return former.get() == &reader; });
}

void Assignment::clear() {
  found_.clear();
  latest_ = nullptr;
  readers_.clear();
  former_.clear();
}

PartitionReader* Assignment::find(const PartitionKey& key) const {
  auto found = readers_.find(key);
  return found == readers_.end() ? nullptr : found->second.get();
}

PartitionReader* Assignment::of(const rd_kafka_message_t& record) {
  if (latest_ && latest_->owns(record)) return latest_;
  auto [found, added] = found_.try_emplace({record.rkt, record.partition});
  if (added) found->second = find({rd_kafka_topic_name(record.rkt), record.partition});
  return latest_ = found->second;
}

std::set<PartitionKey> Assignment::keys() const {
  std::set<PartitionKey> all;
  for (auto& [key, reader] : readers_) all.insert(key);
  return all;
}

size_t Assignment::former_in_flight() const {
  return std::accumulate(former_.begin(), former_.end(), size_t{0},
                         [](size_t sum, auto& reader) { return sum + reader->in_flight().messages(); });
}

bool Assignment::revoke_waits() const {
  return std::ranges::any_of(readers_, [](auto& r) { return r.second->revoking() && r.second->in_flight().held(); });
}

}  // namespace mombridge::kafka
