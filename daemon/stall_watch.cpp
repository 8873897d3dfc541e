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

void StallWatch::look(const std::string& broker, uint64_t settled, uint64_t in_flight,
                      const std::vector<NamedLink>& links, TimePoint now) {
  auto& source = sources_[broker];
  source.in_flight = in_flight;
  if (settled != source.settled || !source.in_flight || source.since == TimePoint{}) {
    if (std::exchange(source.stalled, false)) log::info("messages move again", {{"broker", broker}});
    source.settled = settled;
    source.since = now;
    return;
  }
  if (source.stalled || now - source.since < after_) return;
  source.stalled = true;
  counter("stalls", broker).add();
  log::warn("no progress: none of the messages in flight was settled",
            {{"broker", broker},
             {"in_flight", source.in_flight},
             {"seconds", std::chrono::duration_cast<std::chrono::seconds>(now - source.since).count()},
             {"links_not_up", not_up(links)}});
}

std::vector<NamedLink> StallWatch::status() const {
  std::vector<NamedLink> all;
  for (auto& [broker, source] : sources_)
    if (source.stalled)
      all.emplace_back(broker, LinkStatus{"progress", LinkStatus::State::failing,
                                          std::to_string(source.in_flight) + " messages in flight, none settled"});
  return all;
}

}  // namespace mombridge
