#include "daemon/access.hpp"

#include <algorithm>
#include <iomanip>
#include <string>
#include <vector>

#include "base/thread.hpp"
#include "daemon/builtin.hpp"
#include "routing/sendings.hpp"

namespace mombridge {

namespace {

const char* name_of(Finding::State state) {
  switch (state) {
    case Finding::State::ok:
      return "ok";
    case Finding::State::warning:
      return "warn";
    case Finding::State::failed:
      return "failed";
  }
  return "";
}

}  // namespace

bool check_access(const config::Config& config, std::ostream& out) {
  std::vector<std::vector<Finding>> found(config.brokers.size());
  std::vector<Thread::Entry> checks;
  for (size_t i = 0; i < config.brokers.size(); ++i) {
    auto& section = config.brokers[i];
    auto* check = broker_kind(section.type).check_access;
    if (!check) continue;
    checks.emplace_back([&, check, into = &found[i]] { *into = check(section, routing::sent_to(config, section)); });
  }
  run_all("check", checks);
  bool good = true;
  for (size_t i = 0; i < found.size(); ++i)
    for (auto& finding : found[i]) {
      out << std::left << std::setw(7) << name_of(finding.state) << config.brokers[i].name << ": " << finding.text
          << '\n';
      good &= finding.state != Finding::State::failed;
    }
  return good;
}

}  // namespace mombridge
