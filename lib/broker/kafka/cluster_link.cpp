#include "broker/kafka/cluster_link.hpp"

#include <utility>

#include "base/log.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kDoubtPatience = std::chrono::seconds(30);
constexpr int kQuestions = 5;  ///< a client that lost its connection may wait before it makes another

}  // namespace

ClusterLink::ClusterLink(EventLoop& loop, BlockingCalls& calls, const std::string& broker, const std::string& link,
                         const Settings& settings, std::function<void()> open, LinkStatus::Role role)
    : broker_(broker),
      servers_(settings.bootstrap_servers),
      supervisor_(loop, broker, link, Backoff(settings.reconnect_delay, settings.reconnect_delay_max), std::move(open),
                  role),
      caller_(calls, loop),
      error_(settings) {}

void ClusterLink::stop() {
  caller_.cancel();
  supervisor_.stop();
}

void ClusterLink::reached() {
  end_doubt();
  error_.clear();
  if (!std::exchange(reached_, true)) supervisor_.opened(servers_);
}

void ClusterLink::failed(const Error& error, Duration at_least) {
  down();
  supervisor_.failed(error, at_least);
}

void ClusterLink::lost(const std::string& otherwise) { failed({error_.reason(otherwise)}); }

void ClusterLink::doubt(const SharedClient& client) {
  if (in_doubt()) return;
  log::debug("the cluster closed an idle connection", {{"broker", broker_}});
  caller_.ask(
      kDoubtPatience,
      [client](TimePoint deadline) -> Result<> {
        auto metadata = ask_metadata(client.get(), nullptr, deadline);
        for (int i = 1; i < kQuestions && !metadata; ++i) metadata = ask_metadata(client.get(), nullptr, deadline);
        if (!metadata) return fail(metadata.error());
        return {};
      },
      [this](const Result<>& there) {
        if (!there) return lost(there.error().text);
        error_.clear();
      });
}

void ClusterLink::forget() {
  down();
  error_.clear();
}

void ClusterLink::down() {
  end_doubt();
  reached_ = false;
}

void ClusterLink::end_doubt() {
  if (in_doubt()) caller_.cancel();
}

}  // namespace mombridge::kafka
