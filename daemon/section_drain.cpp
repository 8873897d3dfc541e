#include "daemon/section_drain.hpp"

#include <utility>

#include "base/log.hpp"

namespace mombridge {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(20);

std::vector<std::string> misses(const topology::Section& section, const config::Config& config) {
  std::vector<std::string> all;
  for (auto& source : topology::sources_of(section, config))
    if (auto& subscription = source.broker->settings->subscription(source.subscription); subscription.transient)
      all.push_back(subscription.source);
  return all;
}

}  // namespace

void SectionDrain::drain(const topology::Section& section, Duration patience, Done done) {
  bool changed = bridge_.drain_section(section);
  if (changed) log::info("drains", {{"section", section.text()}});
  waiting_.push_back({section, changed, Clock::now() + patience, std::move(done)});
  loop_.cancel(timer_);
  look();
}

admin::DrainReport SectionDrain::resume(const topology::Section& section) {
  bool changed = bridge_.resume_section(section);
  if (changed) log::info("resumed", {{"section", section.text()}});
  return report(section, changed);
}

void SectionDrain::look() {
  timer_ = 0;
  std::vector<std::pair<Done, admin::DrainReport>> ended;
  std::erase_if(waiting_, [&](Waiting& one) {
    auto now = report(one.section, one.changed);
    if (now.drained && !now.settled() && Clock::now() < one.deadline) return false;
    if (now.drained && now.settled())
      log::info("drained", {{"section", one.section.text()}, {"in_flight", now.in_flight}, {"held", now.held}});
    ended.emplace_back(std::move(one.done), std::move(now));
    return true;
  });
  if (!waiting_.empty()) timer_ = loop_.after(kLook, [this] { look(); });
  for (auto& [done, now] : ended) done(now);
}

admin::DrainReport SectionDrain::report(const topology::Section& section, bool changed) const {
  auto& config = bridge_.config();
  admin::DrainReport report{.section = section.text(), .drained = bridge_.drained(section), .changed = changed};
  if (!report.drained) return report;
  for (auto& flying : bridge_.in_flight(section)) {
    report.in_flight += flying.messages;
    report.held += flying.held;
  }
  report.routes = topology::routes_beside(section, config);
  report.misses = misses(section, config);
  return report;
}

}  // namespace mombridge
