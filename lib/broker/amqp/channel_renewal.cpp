#include "broker/amqp/channel_renewal.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kMost = 1000;  ///< of places, because keys can come from messages
/// Where nothing was nacked for so long, what was seen before says nothing about the queue of today.
constexpr Duration kForget = std::chrono::minutes(1);
/// How long the broker has to settle what is unconfirmed. One that works needs a fraction of this.
constexpr Duration kPatience = std::chrono::seconds(5);

}  // namespace

bool ChannelRenewal::nacked(std::string_view exchange, std::string_view key, TimePoint now) {
  auto found = nacked_.find(std::pair(exchange, key));
  if (found == nacked_.end()) {
    if (nacked_.size() >= kMost) std::erase_if(nacked_, [&](auto& entry) { return now - entry.second.last > kForget; });
    if (nacked_.size() < kMost) nacked_.emplace(Place(exchange, key), Nacked{now, now, first_});
    return false;
  }
  auto& place = found->second;
  if (now - place.last > kForget) place = {now, now, first_};
  place.last = now;
  if (under_way() || now - place.since < place.wait) return false;
  for (auto& [_, each] : nacked_) each.since = now;  // the new channel is new to all of them
  place.wait = std::min(place.wait * 2, longest_);
  stage_ = Stage::waiting;
  began_ = now;
  return true;
}

void ChannelRenewal::acked(std::string_view exchange, std::string_view key) {
  if (auto found = nacked_.find(std::pair(exchange, key)); found != nacked_.end()) nacked_.erase(found);
}

Duration ChannelRenewal::left(TimePoint now) const {
  return under_way() ? std::max(Duration::zero(), kPatience - (now - began_)) : Duration::max();
}

bool ChannelRenewal::may_close(bool all_confirmed) {
  if (stage_ != Stage::waiting || !all_confirmed) return false;
  stage_ = Stage::closing;
  return true;
}

}  // namespace mombridge::amqp
