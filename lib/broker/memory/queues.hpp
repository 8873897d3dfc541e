#pragma once
// The queues of one memory broker: which subscriptions take a target, what is in flight, what waits.

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "base/text.hpp"
#include "broker/memory/settings.hpp"
#include "message/delivery.hpp"
#include "message/pattern.hpp"
#include "message/publication.hpp"

namespace mombridge::memory {

class Queues;
struct Queue;

/// A publication on its way through this broker: it is done when all of its deliveries are.
struct Passage {
  Publication* publication = nullptr;  ///< null: free
  Queue* queue = nullptr;
  std::vector<Header> headers;  ///< the message's and the publication's merged; its deliveries view them
  unsigned unsettled = 0;       ///< deliveries that are neither accepted nor rejected
  unsigned handed_out = 0;      ///< of these, those in somebody's hands; the others wait for their next try
  bool rejected = false;
  bool single = false;  ///< it has one delivery: what holds that holds the publication
};

class MemoryDelivery final : public Delivery {
 public:
  explicit MemoryDelivery(Queues& owner) : owner_(owner) {}
  void settle(Settlement settlement) noexcept override;
  void held(bool yes) noexcept override;

  Passage* passage = nullptr;
  Settlement settlement = Settlement::accept;
  unsigned tries = 0;

 private:
  Queues& owner_;
};

/// All publications of one target. The bound is per target and not per broker: a handler that publishes to its own
/// broker holds its delivery until that publication is done, and with one bound for all, a chain could fill it and wait
/// for ever.
struct Queue {
  std::vector<uint32_t> subscriptions;  ///< those that take the target
  size_t in_flight = 0;
  std::deque<Publication*> waiting;
};

class Queues {
 public:
  /// `on_settled`: [any thread] a delivery was settled; it must come back through settled(), give_up() or
  /// settled_late().
  Queues(EventLoop& loop, const Settings& settings, std::function<void(MemoryDelivery&)> on_settled);

  /// What follows is for the loop's thread, and after that has ended for whoever ended it.
  void open(Sink& sink) { sink_ = &sink; }
  void close_intake() { sink_ = nullptr; }
  void add(Publication& publication);
  void settled(MemoryDelivery& delivery);

  /// [after the loop has ended] Takes what was still on its way here and completes as `away` all that is in nobody's
  /// hands. Nothing but settled_late() may follow.
  void give_up(const std::vector<MemoryDelivery*>& settled, const std::vector<Publication*>& published);
  /// [any thread, after the loop has ended, also beside give_up()]
  void settled_late(MemoryDelivery& delivery) noexcept;
  /// [any thread]
  void forward(MemoryDelivery& delivery) { on_settled_(delivery); }

 private:
  Queue& queue_of(std::string_view target);
  void admit(Queue& queue);
  void hand_out(Queue& queue, Publication& publication);
  void hand_out(MemoryDelivery& delivery);
  static void take_back(MemoryDelivery& delivery);
  void retry(MemoryDelivery& delivery);
  void finish(Passage& passage);
  Passage& new_passage();
  MemoryDelivery& new_delivery();

  struct Subscription {
    Pattern pattern;
    std::string target_from;  ///< header that the target is taken from; empty: none
    bool replies;             ///< the bridge's own
  };

  EventLoop& loop_;
  std::function<void(MemoryDelivery&)> on_settled_;
  Sink* sink_ = nullptr;  ///< null: no deliveries now
  size_t prefetch_;
  bool implicit_first_;
  std::vector<Subscription> subscriptions_;
  std::unordered_map<std::string, Queue, TextHash, std::equal_to<>> queues_;
  size_t queues_kept_;  ///< above that many, empty ones go
  std::deque<Passage> passages_;
  std::vector<Passage*> free_passages_;
  std::deque<MemoryDelivery> deliveries_;
  std::vector<MemoryDelivery*> free_deliveries_;
  Backoff retry_backoff_{std::chrono::milliseconds(10), std::chrono::seconds(1)};
  std::mutex late_;  ///< guards the passages once the loop has ended
};

}  // namespace mombridge::memory
