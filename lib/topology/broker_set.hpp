#pragma once
// The brokers that run: those of the present configuration, and those of former ones that still have something to end.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "base/thread.hpp"
#include "broker/broker.hpp"
#include "config/config.hpp"
#include "handler/publisher.hpp"
#include "routing/router.hpp"
#include "topology/difference.hpp"
#include "topology/drained.hpp"
#include "topology/running_broker.hpp"

namespace mombridge::topology {

/// A link of a broker, with the broker's name.
using NamedLink = std::pair<std::string, LinkStatus>;

/// For the main thread, where nothing else is said.
class BrokerSet {
 public:
  /// Makes the broker of a section.
  using Create = std::function<std::shared_ptr<RunningBroker>(const config::BrokerSection&)>;
  using Brokers = std::map<std::string, std::shared_ptr<RunningBroker>>;

  /// `loop` is the main thread's; it and `router` outlive this.
  BrokerSet(EventLoop& loop, routing::Router& router, Create create);
  ~BrokerSet();
  BrokerSet(const BrokerSet&) = delete;
  BrokerSet& operator=(const BrokerSet&) = delete;

  /// The brokers of a configuration that differs so from the present one: those that stay, and new ones that are made,
  /// and not started. Handlers can publish to them already. Followed by change_to() or discard().
  const Brokers& plan(const config::Config& config, const Difference& difference);
  void discard();
  /// The planned brokers are the present ones from now on, with the routes of `table`. `difference` is that of plan().
  /// Others take nothing more, and end when what they have is settled, or at the latest after `patience`. New ones are
  /// started: at once, or where two must not run side by side, after the end of the one whose name they have.
  void change_to(const std::shared_ptr<const routing::RouteTable>& table, const Difference& difference,
                 Duration patience);

  /// What is drained; pause() follows a change of it. change_to() keeps it for the sections that the configuration has.
  [[nodiscard]] Drained& drained() { return drained_; }
  [[nodiscard]] const Drained& drained() const { return drained_; }
  /// The sources of what is drained take nothing, and others do. `config` is the present one.
  void pause(const config::Config& config);

  [[nodiscard]] const Brokers& present() const { return present_; }
  /// [any thread] Where a handler publishes that names this broker.
  [[nodiscard]] handler::Outlet find(const std::string& name) const;

  /// The bridge stops. Brokers take nothing more, but those in this process, through which what is in flight may still
  /// have to pass.
  void stop_intake();
  /// Stops all at once, as each may wait for its broker.
  void stop(Duration patience);
  /// After stop(), or of a broker that ended before: as Broker::left_behind().
  [[nodiscard]] bool left_behind() const { return left_behind_; }
  /// What is left never ends: something that goes on may still use it.
  void leave_behind();

  /// Links of all brokers; of those that end, under their names with "(ending)".
  [[nodiscard]] std::vector<NamedLink> links() const;
  /// The longest that a loop of the present brokers has not come back to its sleep.
  [[nodiscard]] Duration longest_stall() const;

 private:
  /// One that is no part of the configuration any more.
  struct Leaving {
    std::shared_ptr<RunningBroker> broker;
    TimePoint deadline;
    std::shared_ptr<std::atomic<bool>> stopped{std::make_shared<std::atomic<bool>>(false)};
    Thread stopping{};  ///< calls stop()
  };
  void leave(const std::shared_ptr<RunningBroker>& broker, Duration patience);
  void look();
  [[nodiscard]] bool may_stop(const Leaving& leaving) const;
  void begin_stop(Leaving& leaving) const;
  void start_those_that_may();
  [[nodiscard]] bool one_that_ends_has_name(const std::string& name) const;

  EventLoop& loop_;
  routing::Router& router_;
  const Create create_;
  mutable std::mutex mutex_;  ///< guards changes of both, which other threads look at
  Brokers present_, planned_;
  std::vector<Leaving> leaving_;
  Drained drained_;
  EventLoop::TimerId timer_ = 0;
  bool ending_ = false;  ///< the bridge stops
  bool left_behind_ = false;
};

/// For the parts of a snapshot.
std::map<std::string, std::shared_ptr<Broker>> brokers_of(const BrokerSet::Brokers& brokers);

}  // namespace mombridge::topology
