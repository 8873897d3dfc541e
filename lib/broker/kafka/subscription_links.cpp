#include "broker/kafka/subscription_links.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::kafka {

SubscriptionLinks::SubscriptionLinks(std::string broker, const Settings& settings)
    : broker_(std::move(broker)), group_(settings.group_id) {
  change_to(settings);
}

void SubscriptionLinks::change_to(const Settings& settings) {
  std::lock_guard lock(mutex_);
  std::vector<One> next;
  for (auto& s : settings.subscriptions) {
    auto stays = std::ranges::find(all_, s.topic, &One::topic);
    next.push_back(stays != all_.end() ? std::move(*stays)
                                       : One{.topic = s.topic, .link = {.link = "topic " + s.topic}});
  }
  all_ = std::move(next);
}

void SubscriptionLinks::positioned(bool is) {
  for (auto& one : all_) one.positioned = is;
  if (is) group_works();
  show();
}

void SubscriptionLinks::group_works() {
  if (group_error_.empty()) return;
  group_error_.clear();
  log::info("the group works again", {{"broker", broker_}, {"group", group_}});
  show();
}

void SubscriptionLinks::group_fails(const std::string& reason) {
  if (group_error_ == reason) return;
  group_log_.event(log::Level::warn, "the group fails", {{"broker", broker_}, {"group", group_}, {"reason", reason}});
  group_error_ = reason;
  show();
}

void SubscriptionLinks::group_waits(const std::string& reason) {
  if (!std::ranges::all_of(all_, &One::positioned)) group_fails(reason);
}

bool SubscriptionLinks::topics(const std::vector<std::string>& errors) {
  for (size_t i = 0; i < errors.size(); ++i) {
    auto& topic = all_[i].topic;
    auto& known = all_[i].topic_error;
    if (!errors[i].empty() && known.empty())
      log::warn("cannot subscribe", {{"broker", broker_}, {"topic", topic}, {"reason", errors[i]}});
    if (errors[i].empty() && !known.empty())
      log::info("the topic can be had again", {{"broker", broker_}, {"topic", topic}});
    known = errors[i];
  }
  show();
  return std::ranges::any_of(errors, [](auto& e) { return !e.empty(); });
}

void SubscriptionLinks::partitions(std::vector<std::string> errors, std::vector<std::string> notes) {
  for (size_t i = 0; i < all_.size(); ++i) {
    all_[i].partition_error = std::move(errors[i]);
    all_[i].note = std::move(notes[i]);
  }
  show();
}

std::vector<LinkStatus> SubscriptionLinks::status() const {
  std::lock_guard lock(mutex_);
  std::vector<LinkStatus> links;
  for (auto& one : all_) links.push_back(one.link);
  return links;
}

void SubscriptionLinks::show() {
  std::lock_guard lock(mutex_);
  for (auto& one : all_) {
    auto& error = !one.partition_error.empty() ? one.partition_error
                  : !one.topic_error.empty()   ? one.topic_error
                                               : group_error_;
    auto state = !error.empty()   ? LinkStatus::State::failing
                 : one.positioned ? LinkStatus::State::up
                                  : LinkStatus::State::connecting;
    one.link.become(state, error.empty() && one.positioned ? one.note : error);
  }
}

}  // namespace mombridge::kafka
