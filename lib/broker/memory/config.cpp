#include "broker/memory/config.hpp"

#include <algorithm>

#include "config/broker_keys.hpp"

namespace mombridge::memory {

namespace {

using config::Section;

// The name doubles as the pattern of the targets it takes.
config::Subscription read_queue(Section& section, bool of_route) {
  config::Subscription subscription;
  subscription.mark = section.mark();
  subscription.of_route = of_route;
  if (section.string("queue", subscription.source) && subscription.source.empty())
    section.error("queue", "an empty name");
  subscription.targets = {subscription.source};
  config::read_target_from(section, subscription);
  section.refuse("topic", "a memory broker has queues, not topics", "queue:");
  return subscription;
}

size_t add(config::Subscription subscription, Settings& settings) {
  settings.subscriptions.push_back(std::move(subscription));
  return settings.subscriptions.size() - 1;
}

void read_subscription(Section& section, Settings& settings) {
  if (!section.has("queue")) {
    if (!section.refuse("topic", "a memory broker has queues, not topics", "queue:"))
      section.require("queue", "queue: NAME");
    return section.ignore_rest();
  }
  auto subscription = read_queue(section, false);
  auto first = std::ranges::find(settings.subscriptions, subscription.source, &config::Subscription::source);
  if (first != settings.subscriptions.end())
    section.error("queue", "subscribed twice", "first at " + config::place(first->mark));
  else
    add(std::move(subscription), settings);
}

std::shared_ptr<config::BrokerSettings> read(Section& section, const config::KindContext& context) {
  auto settings = std::make_shared<Settings>();
  config::read_broker_keys(section, context, *settings);
  section.integer("prefetch_count", settings->prefetch_count, 1);
  for (auto* key : {"url", "bootstrap_servers"})
    section.refuse(key, "a memory broker lives in this process", "leave it out");
  if (section.has("subscribe")) {
    for (auto& subscription : section.sections("subscribe")) read_subscription(subscription, *settings);
  } else {
    config::Subscription all;
    all.source = "#";
    all.targets = {"#"};
    all.mark = section.mark();
    add(std::move(all), *settings);
    settings->implicit_first = true;
  }
  if (config::read_accept_replies(section, context, "reply_queue", *settings)) {
    config::Subscription replies;
    replies.source = settings->reply_address;
    replies.targets = {settings->reply_address};
    replies.replies = true;
    replies.mark = section.mark("accept_replies");
    add(std::move(replies), *settings);
  }
  return settings;
}

std::optional<size_t> subscribe_route(Section& from, config::BrokerSettings& base) {
  auto& settings = static_cast<Settings&>(base);
  if (!from.has("queue")) {
    from.refuse("topic", "a memory broker has queues, not topics", "queue:");
    from.refuse("target_from", "only with queue:");
    return std::nullopt;
  }
  auto subscription = read_queue(from, true);
  auto first = std::ranges::find(settings.subscriptions, subscription.source, &config::Subscription::source);
  if (first == settings.subscriptions.end() || (settings.implicit_first && first == settings.subscriptions.begin()))
    return add(std::move(subscription), settings);
  if (first->target_from != subscription.target_from)
    from.error("queue", "subscribed to with another target_from", "first at " + config::place(first->mark));
  return static_cast<size_t>(first - settings.subscriptions.begin());
}

// There is nothing that a destination could say to a memory broker alone.
std::shared_ptr<const PublishOptions> read_options(Section& destination, config::Use use,
                                                   const config::BrokerSettings&) {
  config::refuse_exchange(destination, kTraits);
  config::refuse_timestamp(destination, kTraits);
  config::read_mandatory(destination, use);
  return nullptr;
}

}  // namespace

config::KindReader reader() { return {&kTraits, read, subscribe_route, read_options}; }

}  // namespace mombridge::memory
