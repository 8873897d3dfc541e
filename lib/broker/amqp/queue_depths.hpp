#pragma once
// How many messages wait in the queues of one broker.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/figures.hpp"

namespace mombridge::amqp {

/// Asks for one queue after the other, in rounds. A queue that the broker does not show is not asked for again for a
/// minute, because each refusal is an error in the broker's log. For the loop's thread.
class QueueDepths {
 public:
  /// Asks for one queue: answered() follows, later, unless the connection ends. Returns false if nothing can be asked.
  using Ask = std::function<bool(const std::string& queue)>;
  /// Hears the result of a round.
  using Counted = std::function<void(std::vector<Figures::Depth> depths)>;

  /// `refused_for`: so long a queue is not asked for again.
  QueueDepths(Ask ask, Counted counted, Duration refused_for = std::chrono::minutes(1))
      : ask_(std::move(ask)), counted_(std::move(counted)), refused_for_(refused_for) {}

  /// Begins a round for these queues; an earlier one that has not ended is given up. Only while no answer is
  /// outstanding.
  void begin(std::vector<std::string> queues);
  /// The answer; nothing where the broker refuses it.
  void answered(const std::string& queue, std::optional<uint64_t> messages);

 private:
  void ask_next();

  const Ask ask_;
  const Counted counted_;
  const Duration refused_for_;
  std::vector<std::string> to_ask_;  ///< in this round, the next one last
  std::vector<Figures::Depth> depths_;
  std::map<std::string, TimePoint> refused_;  ///< when
};

}  // namespace mombridge::amqp
