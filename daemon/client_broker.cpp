#include "daemon/client_broker.hpp"

#include <thread>
#include <utility>

#include "broker/links.hpp"
#include "daemon/builtin.hpp"

namespace mombridge {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);

}  // namespace

ClientBroker::ClientBroker(const config::BrokerSection& section, const config::ClientOptions& options, Sink& sink)
    : section_(section) {
  section_.settings = broker_kind(section.type).client_settings(*section.settings, options);
  broker_ = broker_kind(section.type).create(section_);
  broker_->start(sink);
}

void ClientBroker::stop() {
  if (std::exchange(stopped_, true)) return;
  broker_->stop_intake();
  broker_->stop(std::chrono::seconds(2));
}

Result<> ClientBroker::connect(Duration patience) {
  for (auto end = Clock::now() + patience; Clock::now() < end; std::this_thread::sleep_for(kLook)) {
    if (why_not_up(*broker_).empty() && broker_->takes_requests()) return {};
  }
  return fail("not connected: " + why_not());
}

std::string ClientBroker::why_not() const {
  auto why = why_not_up(*broker_);
  return why.empty() ? "no answer in time" : why;
}

}  // namespace mombridge
