#pragma once
// The queues of one memory broker: which subscriptions take a target, what is in flight, what waits.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/event_loop.hpp"
#include "base/text.hpp"
#include "broker/memory/settings.hpp"
#include "broker/source/pool.hpp"
#include "broker/source/redelivery.hpp"
#include "message/delivery.hpp"
#include "message/pattern.hpp"
#include "message/publication.hpp"

namespace mombridge::memory {

class Queues;
struct Queue;

/// A publication whose deliveries were handed out: it is completed when all of them are settled.
struct PendingPublication {
  Publication* publication = nullptr;  ///< null: free
  Queue* queue = nullptr;
  std::vector<Header> headers;  ///< the message's and the publication's merged; its deliveries view them
  unsigned unsettled = 0;       ///< deliveries that are neither accepted nor rejected
  unsigned handed_out = 0;      ///< of these, those that the sink has; the others wait for their next try
  bool rejected = false;        ///< one of them was
  bool single = false;          ///< it has one delivery: where that is held, the publication is held
};

class MemoryDelivery final : public Delivery {
 public:
  explicit MemoryDelivery(Queues& owner) : owner_(owner) {}
  void settle(Settlement settlement) noexcept override;
  void held(bool yes) noexcept override;

  PendingPublication* pending = nullptr;  ///< it is one of that one's deliveries
  Settlement settlement = Settlement::accept;
  unsigned tries = 0;  ///< how often it was given back

 private:
  Queues& owner_;
};

/// All publications of one target. The bound is per target and not per broker, because a handler that publishes to its
/// own broker keeps its delivery until that publication is completed: with one bound for all targets, a chain of such
/// handlers could fill it and wait for ever.
struct Queue {
  std::vector<uint32_t> subscriptions;  ///< those that take the target
  size_t in_flight = 0;
  bool paused = false;  ///< one of them is: what is published waits
  std::deque<Publication*> waiting;
};

class Queues {
 public:
  /// `on_settled` is called on any thread when a delivery was settled; the delivery must come back through settled(),
  /// give_up() or settled_late().
  Queues(EventLoop& loop, const Settings& settings, std::function<void(MemoryDelivery&)> on_settled);

  // What follows is for the loop's thread, and after that has ended for the thread that ended it.
  void open(Sink& sink) { sink_ = &sink; }
  void close_intake() { sink_ = nullptr; }
  /// As Pausing::pause().
  void pause(const std::vector<bool>& paused);
  void add(Publication& publication);
  void settled(MemoryDelivery& delivery);
  /// As source::Pool's.
  Duration trim(TimePoint now) { return std::min(pending_.trim(now), deliveries_.trim(now)); }

  /// [after the loop has ended] Takes what was still in the inboxes, and completes as `away` every publication of which
  /// the sink has no delivery. Nothing but settled_late() may follow.
  void give_up(const std::vector<MemoryDelivery*>& settled, const std::vector<Publication*>& published);
  /// [any thread, after the loop has ended, also beside give_up()]
  void settled_late(MemoryDelivery& delivery) noexcept;
  /// [any thread]
  void forward(MemoryDelivery& delivery) { on_settled_(delivery); }

 private:
  Queue& queue_of(std::string_view target);
  [[nodiscard]] bool takes_more(const Queue& queue) const;
  [[nodiscard]] bool paused(const Queue& queue) const;
  void admit(Queue& queue);
  void hand_out(Queue& queue, Publication& publication);
  void hand_out(MemoryDelivery& delivery);
  static void take_back(MemoryDelivery& delivery);
  void finish(PendingPublication& pending);

  struct Subscription {
    Pattern pattern;
    std::string target_from;  ///< header that the target is taken from; empty: none
    bool replies;             ///< the bridge's own
  };

  std::function<void(MemoryDelivery&)> on_settled_;
  Sink* sink_ = nullptr;  ///< null: no deliveries now
  size_t prefetch_;
  bool implicit_first_;
  std::vector<Subscription> subscriptions_;
  std::vector<bool> paused_;
  std::unordered_map<std::string, Queue, TextHash, std::equal_to<>> queues_;
  size_t queues_kept_;  ///< above that many, empty ones are erased
  source::Pool<PendingPublication> pending_;
  source::Pool<MemoryDelivery> deliveries_;
  source::Redelivery<MemoryDelivery> redelivery_;
  std::mutex late_;  ///< guards `pending_` once the loop has ended
};

}  // namespace mombridge::memory
