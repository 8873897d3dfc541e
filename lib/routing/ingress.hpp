#pragma once
// Where one broker hands in its deliveries.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "message/delivery.hpp"
#include "routing/planner.hpp"
#include "routing/table_use.hpp"

namespace mombridge::routing {

class Ingress final : public Sink {
 public:
  /// Of a broker with so many subscriptions. `queue` outlives this.
  Ingress(const std::string& broker, size_t subscriptions, RetryQueue& queue);

  /// [any thread] Deliveries that arrive from now on go by this table, in which the broker has the same subscriptions;
  /// those on their way keep theirs. Null, or a table without the broker: what arrives is given back.
  void go_by(const std::shared_ptr<const RouteTable>& table);

  void receive(DeliveryHandle delivery) noexcept override;

  [[nodiscard]] const std::string& broker() const { return broker_; }
  [[nodiscard]] TableUses& uses() { return uses_; }
  /// [any thread] Deliveries that are not settled.
  [[nodiscard]] uint64_t in_flight() const { return uses_.in_flight(); }
  /// [any thread] The same by the subscriptions' sources.
  [[nodiscard]] std::map<std::string, Unsettled> in_flight_by_source() const { return uses_.in_flight_by_source(); }
  /// [any thread] Of these, the ones that only wait for the operator.
  [[nodiscard]] int64_t held() const { return uses_.held(); }
  /// [any thread] Deliveries that were received from a broker of this name since the process began.
  [[nodiscard]] uint64_t received() const { return received_.value(); }

 private:
  /// Of one subscription: on its thread alone.
  struct Intake {
    std::shared_ptr<TableUse> use;
    SubscriptionCounts* counts = nullptr;  ///< with `use`
    RouteMatches matches;                  ///< of the message at hand
  };

  [[nodiscard]] bool renew(Intake& intake, uint32_t subscription);

  const std::string broker_;
  RetryQueue& queue_;
  Planner planner_;
  Counter& received_;
  TableUses uses_;
  std::vector<Intake> intakes_;
};

}  // namespace mombridge::routing
