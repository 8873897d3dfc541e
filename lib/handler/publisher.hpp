#pragma once
// What one plugin publishes of its own accord: to which broker, how much of it is unconfirmed, and who hears of it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "base/gate.hpp"
#include "base/log.hpp"
#include "broker/source/pushed_memory.hpp"
#include "config/config.hpp"
#include "handler/done_thread.hpp"
#include "handler/plugin_messages.hpp"
#include "mombridge/handler.h"

namespace mombridge {
class Broker;
}

namespace mombridge::handler {

class PublishHold;

/// Where a plugin's publish() goes.
struct Outlet {
  std::shared_ptr<Broker> broker;  ///< null: unknown
  std::shared_ptr<const config::BrokerSettings> settings;
  std::shared_ptr<PublishHold> hold{};  ///< not null: what is published goes through it
};

/// Finds the broker that a plugin names in publish(). [any thread]
using FindBroker = std::function<Outlet(const std::string&)>;

/// Life: open, publish*, refuse, close. publish() may be called from any thread at any time.
class Publisher {
 public:
  /// `messages` and `breaches` outlive this.
  Publisher(std::string handler, PluginMessages& messages, Breaches& breaches);

  /// From now on publish() is accepted. Each publish keeps `owner` alive until its callback has run: the plugin must
  /// not be destroyed before.
  void open(FindBroker find_broker, std::weak_ptr<const void> owner);
  /// The answers of handler.h.
  mombridge_status publish(std::string_view broker, const mombridge_message* message, mombridge_publish_done done,
                           void* user);
  /// From now on publish() answers CLOSED, and no broker is called any more when this returns.
  void refuse();
  /// After the brokers have completed everything. False: a callback does not come back, see DoneThread::stop().
  [[nodiscard]] bool close(Duration patience) { return done_.stop(patience); }

  /// Publishes that nobody has confirmed yet.
  [[nodiscard]] uint64_t unconfirmed() const { return unconfirmed_; }

 private:
  struct PluginPublication;
  mombridge_status publish_to(const Outlet& outlet, const mombridge_message* message, mombridge_publish_done done,
                              void* user);

  const std::string handler_;
  PluginMessages& messages_;
  DoneThread done_;
  FindBroker find_broker_;
  std::weak_ptr<const void> owner_;
  std::atomic<bool> open_{false};
  Gate outward_;  ///< closed by refuse(): brokers may go then
  std::atomic<uint64_t> unconfirmed_{0};
  source::PushedMemory memory_{source::memory_budget()};  ///< of what is unconfirmed
  Counter& failures_;
  log::Repeated failed_log_;
};

}  // namespace mombridge::handler
