#pragma once
// Where one broker hands in its deliveries.

#include <functional>
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
  /// [any thread] Adds the use of the present table to uses(); null: the table no longer has the broker, whose
  /// deliveries are given back.
  using Renew = std::function<std::shared_ptr<TableUse>()>;

  /// Of a broker with so many subscriptions. `queue` outlives this.
  Ingress(std::string broker, size_t subscriptions, RetryQueue& queue, Renew renew);

  void receive(DeliveryHandle delivery) noexcept override;

  [[nodiscard]] TableUses& uses() { return uses_; }
  /// [any thread] Deliveries that are not settled.
  [[nodiscard]] uint64_t in_flight() const { return uses_.in_flight(); }
  /// [any thread] Of these, the ones that only wait for the operator.
  [[nodiscard]] int64_t held() const { return uses_.held(); }
  /// [any thread] Deliveries received since the process began; with in_flight(), how many were settled.
  [[nodiscard]] uint64_t received() const { return received_.value(); }

 private:
  /// Of one subscription: on its thread alone.
  struct Intake {
    std::shared_ptr<TableUse> use;
    std::vector<const Route*> routes;  ///< that take the message at hand
  };

  RetryQueue& queue_;
  Renew renew_;
  Planner planner_;
  Counter& received_;
  TableUses uses_;
  std::vector<Intake> intakes_;
};

}  // namespace mombridge::routing
