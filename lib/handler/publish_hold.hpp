#pragma once
// What new handlers publish while the configuration that has them is not in use yet.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "broker/broker.hpp"

namespace mombridge::handler {

/// Handlers are started before the routes change, because one that does not start stops the change. What they publish
/// to a broker in this process would go by the former routes, which may have none for it: it waits here. How much that
/// may be is bounded by what each handler may have unconfirmed. [any thread] for everything.
class PublishHold {
 public:
  /// Publishes, now or when it is released, in the order of the calls of one thread.
  void publish(std::shared_ptr<Broker> broker, Publication& publication) noexcept;
  /// The configuration is in use: publishes all that waits, and from now on nothing waits. Once is enough.
  void release();
  /// The configuration is not taken into use: completes all that waits, and whatever comes, as `away`.
  void discard();

 private:
  enum class State : uint8_t { holding, released, discarded };
  using Waiting = std::vector<std::pair<std::shared_ptr<Broker>, Publication*>>;

  std::mutex mutex_;
  Waiting waiting_;
  std::atomic<State> state_{State::holding};
};

}  // namespace mombridge::handler
