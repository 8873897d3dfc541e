#include "broker/kafka/subscription_links.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::kafka {

SubscriptionLinks::SubscriptionLinks(std::string broker, const Settings& settings)
    : broker_(std::move(broker)), settings_(settings) {
  auto count = settings.subscriptions.size();
  topic_errors_.resize(count);
  partition_errors_.resize(count);
  notes_.resize(count);
  for (auto& s : settings.subscriptions) links_.push_back({"topic " + s.topic, LinkStatus::State::connecting, {}});
}

void SubscriptionLinks::positioned(bool is) {
  positioned_ = is;
  if (is) group_works();
  show();
}

void SubscriptionLinks::group_works() {
  if (group_error_.empty()) return;
  group_error_.clear();
  log::info("the group works again", {{"broker", broker_}, {"group", settings_.group_id}});
  show();
}

void SubscriptionLinks::group_fails(const std::string& reason) {
  if (group_error_ == reason) return;
  group_log_.event(log::Level::warn, "the group fails",
                   {{"broker", broker_}, {"group", settings_.group_id}, {"reason", reason}});
  group_error_ = reason;
  show();
}

bool SubscriptionLinks::topics(const std::vector<std::string>& errors) {
  for (size_t i = 0; i < errors.size(); ++i) {
    auto& topic = settings_.subscriptions[i].topic;
    if (!errors[i].empty() && topic_errors_[i].empty())
      log::warn("cannot subscribe", {{"broker", broker_}, {"topic", topic}, {"reason", errors[i]}});
    if (errors[i].empty() && !topic_errors_[i].empty())
      log::info("the topic can be had again", {{"broker", broker_}, {"topic", topic}});
  }
  topic_errors_ = errors;
  show();
  return std::ranges::any_of(errors, [](auto& e) { return !e.empty(); });
}

void SubscriptionLinks::partitions(std::vector<std::string> errors, std::vector<std::string> notes) {
  partition_errors_ = std::move(errors);
  notes_ = std::move(notes);
  show();
}

std::vector<LinkStatus> SubscriptionLinks::status() const {
  std::lock_guard lock(mutex_);
  return links_;
}

void SubscriptionLinks::show() {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < links_.size(); ++i) {
    auto& error = !partition_errors_[i].empty() ? partition_errors_[i]
                  : !topic_errors_[i].empty()   ? topic_errors_[i]
                                                : group_error_;
    auto state = !error.empty() ? LinkStatus::State::failing
                 : positioned_  ? LinkStatus::State::up
                                : LinkStatus::State::connecting;
    links_[i].become(state, error.empty() && positioned_ ? notes_[i] : error);
  }
}

}  // namespace mombridge::kafka
