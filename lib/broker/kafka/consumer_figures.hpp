#pragma once
// How far a consumer is behind the ends of its partitions.

#include <cstdint>
#include <map>
#include <memory>

#include "base/event_loop.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/figure_sampler.hpp"
#include "broker/kafka/assignment.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// While somebody wants to know, asks where the partitions end, in one question to each of their leaders. What the
/// client knows of that by itself is as old as its last fetch, and a consumer that waits for a destination fetches
/// nothing. For the loop's thread, but for want() and read().
class ConsumerFigures {
 public:
  /// `calls` are no others', because a leader that is away keeps them busy for as long as a question may take.
  /// `settings` as for Deliveries. All references outlive this.
  ConsumerFigures(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<const Settings> settings,
                  const Assignment& assignment);

  /// As Deliveries::change_to().
  void change_to(std::shared_ptr<const Settings> settings) { settings_ = std::move(settings); }
  /// The client goes: what is asked has no answer.
  void forget() { caller_.cancel(); }

  /// [any thread] As FigureSampler's.
  void want() { sampler_.want(); }
  [[nodiscard]] Figures read() const { return sampler_.read(); }

 private:
  using Ends = std::map<PartitionKey, int64_t>;

  void measure();
  void put_lags(const Ends& ends);

  std::shared_ptr<const Settings> settings_;
  const Assignment& assignment_;
  BlockingCaller caller_;
  std::weak_ptr<void> under_way_;  ///< what was asked last, until the call is back
  FigureSampler sampler_;
};

}  // namespace mombridge::kafka
