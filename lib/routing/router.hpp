#pragma once
// The ingresses of all brokers, and the route table that they use.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "routing/ingress.hpp"
#include "routing/retry_queue.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

class Router {
 public:
  /// Waits of failed messages run on `timers`, which must outlive the router.
  explicit Router(EventLoop& timers) : queue_(timers) {}

  /// [any thread] Deliveries that arrive from now on go by this table; those on their way keep theirs, and a table
  /// that none of them goes by any more is let go of.
  void use(std::shared_ptr<const RouteTable> table);
  /// [any thread, after use()] The ingress of a broker of the table; it lives as long as the router.
  Ingress& ingress(const std::string& broker);

  /// [the thread of `timers`, when the sources outside hand in nothing more] The bridge stops: what is held is not
  /// tried any more, and what only waits for the rate of its route goes back to its source.
  void drain() { queue_.drain(); }
  /// [any thread] What waits, and from now on what would wait, is given back to its source.
  void stop() { queue_.stop(); }
  /// [any thread] Deliveries that are not settled yet.
  [[nodiscard]] uint64_t in_flight() const;
  /// [any thread] Of these, the ones that only wait for the operator: no time of waiting settles them.
  [[nodiscard]] uint64_t held() const;

 private:
  [[nodiscard]] std::shared_ptr<TableUse> renew(const std::string& broker);

  LoopRetryQueue queue_;
  mutable std::mutex mutex_;
  std::shared_ptr<const RouteTable> table_;
  std::map<std::string, std::unique_ptr<Ingress>> ingresses_;
};

}  // namespace mombridge::routing
