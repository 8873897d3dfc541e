#pragma once
// One destination of one delivery: tried, tried again, dead-lettered or held until it is settled. The only place that
// decides what becomes of a failed message.

#include <memory>
#include <string>

#include "message/delivery.hpp"
#include "routing/outgoing.hpp"
#include "routing/rate_limit.hpp"
#include "routing/reachability.hpp"
#include "routing/requester.hpp"
#include "routing/retry_queue.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

/// A delivery and where it came from.
struct Received {
  const Delivery* delivery = nullptr;
  const Origin* origin = nullptr;
  const RouteTable* table = nullptr;
};

/// Reused with its delivery. One thing at a time is under way (a send, a wait), so that its state needs no lock:
/// whoever completes the one starts the next.
class Attempt final : public Outgoing, public RateLimit::Waiting {
 public:
  /// Who is told how it goes. [any thread] All of them.
  class Owner {
   public:
    /// The end. The attempt may be gone after it.
    virtual void attempt_done(Settlement settlement) noexcept = 0;
    /// It only waits for the operator now, or no longer does.
    virtual void attempt_held(bool yes) noexcept = 0;
    /// The message could not be put back into its queue, and is handled after all. Followed by attempt_done().
    virtual void put_back_refused() noexcept = 0;
    /// The delivery has no other attempt.
    [[nodiscard]] virtual bool alone() const noexcept = 0;
    /// The table that is used by what arrives now; null: it is the one that the delivery began with, or there is none.
    [[nodiscard]] virtual std::shared_ptr<const RouteTable> newer_table() noexcept = 0;
    /// It goes by newer_table() now, which it keeps, and by nothing of the former one.
    virtual void attempt_moved() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  /// Both outlive this.
  Attempt(Owner& owner, RetryQueue& queue) : owner_(owner), queue_(queue) {}

  // [source's thread] One of these, then start().
  /// To one destination of a route.
  void deliver(const Received& received, const Route& route, const Destination& to, Part part_of_request);
  /// What came through the bridge's own reply queue or topic: to the requester that its correlation id seals.
  void return_reply(const Received& received);
  /// Straight to the dead letter. `by_route` is null where no route took the message.
  /// `code` as in Failure.
  void give_up(const Received& received, const Route* by_route, const FailurePolicy& policy, std::string_view code,
               std::string reason);
  /// Back into its source's queue. `or_handle`: where that is refused, Owner::put_back_refused(); without, it is held.
  void put_back(const Received& received, bool or_handle);

  /// [source's thread] Begins, or waits for the rate of its route. May have ended before this returns.
  void start() noexcept;
  /// [any thread] The message waits for a destination that is away.
  [[nodiscard]] bool away() const noexcept { return reachability_.away(); }
  /// Where it counts, since it was started; null: it was not. A reply belongs to no route then, as it was not opened
  /// yet.
  [[nodiscard]] RouteCounts* begun_in() const noexcept { return begun_in_; }

  void completed(Outcome outcome) noexcept override;
  [[nodiscard]] bool wanted() const noexcept override;
  [[nodiscard]] bool returnable() const noexcept override;
  void finished(handler::Verdict verdict) noexcept override;
  void held(bool yes) noexcept override { owner_.attempt_held(yes); }
  void retry() noexcept override;
  void give_back() noexcept override;
  [[nodiscard]] bool waits_for_operator() const noexcept override { return parked_; }

 private:
  enum class Phase : uint8_t {
    deliver,
    open,         ///< a reply's return path
    reply,        ///< to the requester
    route_reply,  ///< to where the route sends replies
    error_reply,
    dead_letter,
    put_back,
  };

  [[nodiscard]] bool begins_now() noexcept;
  void begin(Phase phase, const Received& received, const Route* by_route, const FailurePolicy* policy);
  /// Of the present table; null: no route takes it.
  void go_by(const Route* by_route) noexcept;
  void go_on_by(std::shared_ptr<const RouteTable> newer) noexcept;
  [[nodiscard]] bool take_up(const Destination* to) noexcept;
  [[nodiscard]] bool take_up_delivery(const Destination* to) noexcept;
  void attempt() noexcept;
  void send() noexcept;
  void reply(std::unique_ptr<OwnedMessage> content) noexcept;
  void open() noexcept;
  void unusable(reply::Fault fault) noexcept;
  [[nodiscard]] bool gave_up() const noexcept;
  [[nodiscard]] bool expired() noexcept;
  [[nodiscard]] bool tell_requester() noexcept;

  // What became of it, by phase.
  void replied(const Outcome& outcome) noexcept;
  void dead_letter_ended(const Outcome& outcome) noexcept;
  void put_back_ended(const Outcome& outcome) noexcept;

  // What is done next.
  void failed(std::string_view code, std::string reason) noexcept;
  void failed_for_good(std::string_view code, std::string reason) noexcept;
  void exhausted() noexcept;
  void hold(const std::string& why) noexcept;
  void park(const std::string& why) noexcept;
  void wait(Duration wait) noexcept;
  void done(Settlement settlement) noexcept;
  void unpark() noexcept;
  [[nodiscard]] RouteCounts& counts() const { return by_route_ ? *by_route_->counts : unrouted_counts(); }
  [[nodiscard]] std::string_view route_name() const { return route.empty() ? kUnrouted : route; }

  Owner& owner_;
  RetryQueue& queue_;
  const Origin* origin_ = nullptr;
  const RouteTable* table_ = nullptr;
  const Route* by_route_ = nullptr;
  RouteCounts* begun_in_ = nullptr;
  const FailurePolicy* policy_ = nullptr;
  const Destination* destination_ = nullptr;  ///< of the phase
  const Destination* assigned_ = nullptr;     ///< of the route, where it began with that; else null
  Phase begun_ = Phase::deliver;              ///< what it began with
  Phase phase_ = Phase::deliver;
  Phase before_ = Phase::deliver;  ///< the phase before it began to put the message back
  bool or_handle_ = false;
  bool held_ = false;    ///< since its begin: that event is counted once
  bool parked_ = false;  ///< it waits now, and only for the operator
  Requester requester_;
  Reachability reachability_;
  std::unique_ptr<reply::Returned> returned_;   ///< made for the first reply
  std::shared_ptr<const RouteTable> moved_to_;  ///< null: it goes by the table of its delivery
};

}  // namespace mombridge::routing
