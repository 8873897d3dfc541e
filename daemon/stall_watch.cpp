#include "daemon/stall_watch.hpp"

#include "base/counters.hpp"
#include "base/log.hpp"

namespace mombridge {

namespace {

std::string not_up(const std::vector<NamedLink>& links) {
  std::string text;
  for (auto& [broker, link] : links)
    if (link.state != LinkStatus::State::up)
      text += (text.empty() ? "" : "; ") + broker + " " + link.link + ": " + std::string(to_string(link.state)) +
              (link.detail.empty() ? "" : ", " + link.detail);
  return text;
}

}  // namespace

bool StallWatch::Progress::note(uint64_t done_now, uint64_t in_flight_now, TimePoint now) {
  in_flight = in_flight_now;
  if (done_now == done && in_flight && since != TimePoint{}) return false;
  done = done_now;
  since = now;
  return true;
}

void StallWatch::look_at_handler(const std::string& name, uint64_t ended, uint64_t in_flight, TimePoint now) {
  handlers_[name].note(ended, in_flight, now);
}

std::string StallWatch::stuck(const std::vector<std::string>& handlers, TimePoint now) const {
  std::string text;
  for (auto& name : handlers) {
    auto found = handlers_.find(name);
    if (found == handlers_.end() || !found->second.in_flight || now - found->second.since < after_) continue;
    text += (text.empty() ? "handler '" : ", handler '") + name + "' has " + std::to_string(found->second.in_flight);
  }
  return text;
}

void StallWatch::look(const Subscription& subscription, const std::vector<NamedLink>& links, TimePoint now) {
  auto& source = sources_[{subscription.broker, subscription.source}];
  auto& progress = source.progress;
  if (progress.note(subscription.settled, subscription.in_flight, now)) {
    if (std::exchange(source.stalled, false))
      log::info("messages move again", {{"broker", subscription.broker}, {"subscription", subscription.source}});
    return;
  }
  if (now - progress.since < after_) return;
  source.stuck_handlers = stuck(subscription.handlers, now);
  if (std::exchange(source.stalled, true)) return;
  counter("stalls", subscription.broker).add();
  log::warn("no progress: none of the messages in flight was settled",
            {{"broker", subscription.broker},
             {"subscription", subscription.source},
             {"in_flight", progress.in_flight},
             {"seconds", std::chrono::duration_cast<std::chrono::seconds>(now - progress.since).count()},
             {"handlers", source.stuck_handlers},
             {"links_not_up", not_up(links)}});
}

std::vector<NamedLink> StallWatch::status() const {
  std::vector<NamedLink> all;
  for (auto& [name, source] : sources_) {
    if (!source.stalled) continue;
    auto text = name.second + ": " + std::to_string(source.progress.in_flight) + " messages in flight, none settled";
    if (!source.stuck_handlers.empty()) text += "; " + source.stuck_handlers;
    all.emplace_back(name.first, LinkStatus{"progress", LinkStatus::State::failing, text});
  }
  return all;
}

}  // namespace mombridge
