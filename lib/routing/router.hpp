#pragma once
// The ingresses of all brokers, and the route table that they use.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "routing/ingress.hpp"
#include "routing/retry_queue.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

/// Of one subscription, by its source as written in the file; without a source those that began by an earlier table.
struct InFlight {
  std::string broker, subscription;
  uint64_t messages = 0;
  uint64_t held = 0;  ///< of these, the ones that only wait for the operator
};

class Router {
 public:
  /// Waits of failed messages run on `timers`, which must outlive the router.
  explicit Router(EventLoop& timers) : queue_(timers) {}
  /// Lets go of the table.
  ~Router();

  /// [any thread] Deliveries that arrive from now on go by this table; those on their way keep theirs until they are
  /// tried again, and a table that none of them goes by any more is let go of. What is held is tried again now.
  void use(std::shared_ptr<const RouteTable> table);
  /// [any thread, after use()] The ingress of a broker of the table; it lives as long as the router, or until it is
  /// released.
  Ingress& ingress(const std::string& broker);
  /// [any thread] The ingress of that broker, which use() does not change any more: the next ingress() of that name is
  /// another one. The caller keeps it until it is idle; its deliveries are counted all the same. Null: there was none.
  std::shared_ptr<Ingress> release(const std::string& broker);

  /// [the thread of `timers`, when the sources outside hand in nothing more] The bridge stops: what is held is not
  /// tried any more, and what only waits for the rate of its route goes back to its source.
  void drain() { queue_.drain(); }
  /// [any thread] What waits, and from now on what would wait, is given back to its source.
  void stop() { queue_.stop(); }
  /// [any thread] Deliveries that are not settled yet.
  [[nodiscard]] uint64_t in_flight() const;
  /// [any thread] Those of one broker.
  [[nodiscard]] uint64_t in_flight(const std::string& broker) const;
  /// [any thread] Deliveries that were received from a broker of this name since the process began.
  [[nodiscard]] static uint64_t received(const std::string& broker) { return counter("received", broker).value(); }
  /// [any thread] Of all, the ones that only wait for the operator: no time of waiting settles them.
  [[nodiscard]] uint64_t held() const;
  /// [any thread] The same by broker.
  [[nodiscard]] std::map<std::string, uint64_t> held_by_broker() const;
  /// [any thread] Deliveries that are not settled yet, of each subscription that had any by a table that is in use.
  [[nodiscard]] std::vector<InFlight> in_flight_by_subscription() const;

 private:
  void visit(const std::function<void(const Ingress&)>& visitor) const;

  LoopRetryQueue queue_;
  mutable std::mutex mutex_;
  std::shared_ptr<const RouteTable> table_;
  std::map<std::string, std::shared_ptr<Ingress>> ingresses_;
  std::vector<std::weak_ptr<Ingress>> released_;
};

}  // namespace mombridge::routing
