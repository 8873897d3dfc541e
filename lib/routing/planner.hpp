#pragma once
// What is to be done with a delivery of one broker: which attempts it gets.

#include <string>
#include <string_view>
#include <vector>

#include "base/counters.hpp"
#include "routing/fan_out.hpp"

namespace mombridge::routing {

class Planner {
 public:
  explicit Planner(std::string broker) : broker_(std::move(broker)) {}

  [[nodiscard]] const std::string& broker() const { return broker_; }

  /// [source's thread] Gives `fan_out` its attempts for the routes that take its delivery, and launches it. The
  /// delivery may be settled when this returns.
  void launch(FanOut& fan_out, const std::vector<const Route*>& routes) noexcept;

 private:
  void plan(FanOut& fan_out, const std::vector<const Route*>& routes);
  void plan_routes(FanOut& fan_out, const std::vector<const Route*>& routes);
  void plan_unrouted(FanOut& fan_out);
  [[nodiscard]] bool launch_last_delivery(FanOut& fan_out, const std::vector<const Route*>& routes);

  const std::string broker_;
  Counter& unrouted_ = unrouted_messages().at({broker_});
  Counter& plain_requests_ = counter("requests_forwarded_as_plain");
};

}  // namespace mombridge::routing
