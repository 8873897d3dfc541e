#pragma once
// From deliveries to routes: one port per source broker, one table for all.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "message/delivery.hpp"
#include "routing/route_table.hpp"
#include "routing/waits.hpp"

namespace mombridge::routing {

class Passage;
class Router;

/// Where one broker hands its deliveries; receive() is called on the threads of its subscriptions.
class Port final : public Sink {
 public:
  Port(Router& router, std::string broker) : router_(router), broker_(std::move(broker)) {}
  void receive(DeliveryHandle delivery) noexcept override;
  /// [any thread] One delivery less in flight.
  void settled() noexcept { in_flight_.fetch_sub(1, std::memory_order_release); }

  /// [any thread] One delivery more, or less, only waits for the operator.
  void held(bool yes) noexcept { held_.fetch_add(yes ? 1 : -1, std::memory_order_relaxed); }

  [[nodiscard]] Router& router() const { return router_; }
  [[nodiscard]] const std::string& broker() const { return broker_; }
  [[nodiscard]] uint64_t in_flight() const { return in_flight_.load(std::memory_order_acquire); }
  /// [any thread] Of those in flight, the ones that only wait for the operator.
  [[nodiscard]] int64_t held() const { return held_.load(std::memory_order_relaxed); }
  /// [any thread] Deliveries received since the process began; with in_flight(), how many were settled.
  [[nodiscard]] uint64_t received() const { return received_.value(); }

 private:
  void log_loop(const Route& route, const Message& message, std::string_view why);
  void aim(Passage& passage, const std::vector<const Route*>& routes);
  void route(Passage& passage, const std::vector<const Route*>& routes);
  void unrouted(Passage& passage);
  bool last_delivery(Passage& passage, const std::vector<const Route*>& routes);

  Router& router_;
  std::string broker_;
  Counter& received_ = counter("received", broker_);
  Counter& discarded_ = counter("unrouted_discarded");
  Counter& plain_requests_ = counter("requests_forwarded_as_plain");
  log::Repeated unrouted_log_, loop_log_;
  alignas(64) std::atomic<uint64_t> in_flight_{0};
  std::atomic<int64_t> held_{0};
};

class Router {
 public:
  /// Waits of failed messages run on `timers`, which must outlive the router.
  explicit Router(EventLoop& timers) : waits_(timers) {}

  /// [any thread] Deliveries that arrive from now on go by this table; those on their way keep theirs.
  void use(std::shared_ptr<const RouteTable> table);
  /// [any thread] The port of a broker; it lives as long as the router.
  Port& port(const std::string& broker);

  /// [any thread] What waits, and from now on what would wait, is given back to its source.
  void stop() {
    stopping_ = true;
    waits_.stop();
  }
  /// [any thread] The bridge stops: what is held is not tried any more.
  void drain() { draining_ = true; }
  [[nodiscard]] bool draining() const { return draining_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  /// [any thread] Deliveries that are not settled yet.
  [[nodiscard]] uint64_t in_flight() const;
  /// [any thread] Of these, the ones that only wait for the operator: no time of waiting settles them.
  [[nodiscard]] uint64_t held() const;

  [[nodiscard]] Waits& waits() { return waits_; }
  /// [any thread] `cached` is brought up to date: true where it was not. Cheap where the table has not changed.
  bool refresh(std::shared_ptr<const RouteTable>& cached, uint64_t& version) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const RouteTable> table_;
  std::atomic<uint64_t> version_{0};
  std::map<std::string, std::unique_ptr<Port>> ports_;
  std::atomic<bool> stopping_{false}, draining_{false};
  Waits waits_;
};

}  // namespace mombridge::routing
