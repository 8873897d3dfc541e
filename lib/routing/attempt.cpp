#include "routing/attempt.hpp"

#include <utility>

#include "base/clock.hpp"
#include "handler/handler_counts.hpp"
#include "routing/events.hpp"
#include "routing/latest_letters.hpp"
#include "routing/taps.hpp"

namespace mombridge::routing {

namespace {

constexpr Duration kWhileDraining = std::chrono::hours(24);  ///< longer than any drain, which ends the wait
constexpr unsigned kLongestStep = 16;                        ///< of a backoff: its longest wait

/// Of the codes in `mombridge-error`, the one after which nothing follows.
constexpr std::string_view kTimeout = "timeout";

/// `to`: the destination that an event is about; null: none.
events::Subject subject(const Outgoing& out, const Destination* to = nullptr, std::string_view to_target = {}) {
  return {*out.delivery, *out.origin->section, out.route.empty() ? kUnrouted : out.route,
          to ? to->text() : std::string(), to_target};
}

/// The way is put into words for those who tap alone.
void went_well(const Outgoing& out, const Destination& to, std::string_view what) {
  if (Taps::active()) [[unlikely]]
    events::went_well(subject(out, &to, out.Publication::target), what);
}

}  // namespace

void Attempt::deliver(const Received& received, const Route& by_route, const Destination& to, Part part_of_request) {
  begin(Phase::deliver, received, &by_route, by_route.failures.get());
  destination_ = assigned_ = &to;
  part = part_of_request;
  requester_.begin(part == Part::answers);
}

void Attempt::return_reply(const Received& received) { begin(Phase::open, received, nullptr, nullptr); }

void Attempt::give_up(const Received& received, const Route* by_route, const FailurePolicy& policy,
                      std::string_view code, std::string reason) {
  begin(Phase::dead_letter, received, by_route, &policy);
  failure.code = code;
  failure.reason = std::move(reason);
}

void Attempt::put_back(const Received& received, bool or_handle) {
  begin(Phase::put_back, received, nullptr, received.table->default_failures().get());
  destination_ = &origin_->source;
  failure.reason = delivery->deliveries_left->reason;
  or_handle_ = or_handle;
}

void Attempt::begin(Phase phase, const Received& received, const Route* by_route, const FailurePolicy* policy) {
  begun_ = phase_ = before_ = phase;
  assigned_ = nullptr;
  moved_to_.reset();
  origin_ = received.origin;
  table_ = received.table;
  go_by(by_route);
  begun_in_ = nullptr;
  policy_ = policy;
  destination_ = nullptr;
  or_handle_ = held_ = parked_ = false;
  requester_.begin(false);
  reachability_.begin();
  delivery = received.delivery;
  content = &delivery->message;
  origin = &origin_->endpoint;
  part = Part::plain;
  Publication::target = {};
  failure.code = {};
  failure.target.clear();
  failure.attempts = 0;
}

void Attempt::go_by(const Route* by_route) noexcept {
  by_route_ = by_route;
  route = by_route ? std::string_view(by_route->config->name) : std::string_view();
  policy_ = by_route ? by_route->failures.get() : table_->default_failures().get();
}

void Attempt::start() noexcept {
  begun_in_ = &counts();
  begun_in_->begun.add();
  if (requester_.waits() && !requester_.admit(*this, *by_route_, *table_, {queue_.now(), unix_ms()}))
    part = Part::without_reply_address;
  if (requester_.waits()) begun_in_->requests.add();
  if (begins_now()) attempt();
}

// Waiting is no attempt. All destinations of a route share one token, which the first takes.
bool Attempt::begins_now() noexcept {
  if (phase_ != Phase::deliver || !by_route_->rate) [[likely]]
    return true;
  return by_route_->rate->admit(*this, destination_ == by_route_->to.front().get(), queue_);
}

void Attempt::attempt() noexcept {
  // The source has the message again and will deliver it anew: going on here would only make a second copy.
  if (delivery->stale()) return done(Settlement::requeue);
  if (expired()) return;
  if (phase_ == Phase::open) return open();
  if (phase_ == Phase::dead_letter) return exhausted();
  send();
}

void Attempt::send() noexcept {
  Publication::target = {};  // what was rendered before is no longer there once something else is
  if (auto refusal = destination_->prepare(*this)) {
    if (phase_ == Phase::dead_letter) return hold(refusal->reason);
    return failed_for_good(refusal->code, std::move(refusal->reason));
  }
  reachability_.sent(*destination_);
  destination_->send(*this);
}

void Attempt::retry() noexcept {
  // A bridge that stops gives back what is held, and does not begin with it anew.
  if (parked_ && queue_.draining()) return queue_.add(*this, kWhileDraining);
  unpark();
  if (auto newer = owner_.newer_table(); newer && newer.get() != table_) [[unlikely]]
    return go_on_by(std::move(newer));
  attempt();
}

// The configuration has changed while it waited. It goes on by the route of the same name, or as a message that no
// route takes, and with all of its attempts before it: the new configuration may have mended what failed.
void Attempt::go_on_by(std::shared_ptr<const RouteTable> newer) noexcept {
  auto* new_origin = newer->origin(origin_->endpoint.section->name);
  if (!new_origin) return done(Settlement::requeue);  // nobody takes anything from that broker any more
  auto* new_route = by_route_ ? newer->route(by_route_->config->name) : nullptr;
  auto* to = new_route && assigned_ ? new_route->in_place_of(*assigned_, *by_route_) : nullptr;
  auto former = std::exchange(moved_to_, std::move(newer));  // until nothing here points into it
  table_ = moved_to_.get();
  origin_ = new_origin;
  origin = &origin_->endpoint;
  go_by(new_route);
  assigned_ = to;
  if (!take_up(to)) return done(Settlement::accept);
  owner_.attempt_moved();
  former.reset();
  attempt();
}

// Chooses what is done next by the new table. Returns false if nothing is left to do, which is counted then.
bool Attempt::take_up(const Destination* to) noexcept {
  switch (begun_ == Phase::deliver ? phase_ : begun_) {
    case Phase::open:
      phase_ = Phase::open;
      content = &delivery->message;
      return true;
    case Phase::reply:
    case Phase::error_reply:
      destination_ = &origin_->requesters;
      return true;
    case Phase::route_reply:
      destination_ = to ? to->reply_to() : nullptr;
      if (!destination_) events::reply_without_address(subject(*this));
      return destination_ != nullptr;
    case Phase::put_back:
      if (begun_ == Phase::deliver) return take_up_delivery(to);
      destination_ = &origin_->source;
      return true;
    case Phase::dead_letter:
      if (begun_ == Phase::deliver) return take_up_delivery(to);
      phase_ = Phase::dead_letter;
      break;
    case Phase::deliver:
      return take_up_delivery(to);
  }
  if (by_route_ || delivery->deliveries_left || !table_->discard_unrouted()) return true;
  events::discarded(subject(*this));
  return false;
}

bool Attempt::take_up_delivery(const Destination* to) noexcept {
  content = &delivery->message;
  phase_ = before_ = Phase::dead_letter;
  if (requester_.told()) return true;
  if (to) {
    phase_ = before_ = Phase::deliver;
    destination_ = to;
    failure.attempts = 0;
    if (!requester_.waits() || to->answers() != Answers::no) return true;
    requester_.begin(false);
    part = Part::without_reply_address;
    return true;
  }
  requester_.begin(false);
  go_by(nullptr);
  failure.reason = "no route takes it since the configuration was changed; before that: " + failure.reason;
  if (!table_->discard_unrouted()) return true;
  events::discarded(subject(*this));
  return false;
}

void Attempt::give_back() noexcept {
  unpark();
  done(Settlement::requeue);
}

bool Attempt::wanted() const noexcept { return !delivery->stale() && !gave_up(); }

// A queue inside the bridge would hand it in again, and who published to it waits for the end.
bool Attempt::returnable() const noexcept { return owner_.alone() && !origin->section->settings->kind->internal; }

bool Attempt::gave_up() const noexcept {
  return phase_ == Phase::deliver && requester_.waits() &&
         requester_.gave_up(*this, destination_->answers(), queue_.now());
}

bool Attempt::expired() noexcept {
  if (!gave_up()) return false;
  auto late = std::chrono::duration_cast<std::chrono::milliseconds>(-deadline.remaining(queue_.now()));
  events::request_expired(subject(*this, destination_, Publication::target), late.count());
  failure.code = kTimeout;
  failure.reason = "the deadline passed before the request could be delivered";
  if (!tell_requester()) done(Settlement::accept);
  return true;
}

// Where the route says so, the requester hears of a failure, once and before anything else is done with its message.
// Returns false if there is nobody to tell.
bool Attempt::tell_requester() noexcept {
  if (!by_route_ || !requester_.carry_error(*this, *by_route_)) return false;
  phase_ = Phase::error_reply;
  destination_ = &origin_->requesters;
  attempt();
  return true;
}

void Attempt::finished(handler::Verdict verdict) noexcept {
  if (counted_in) counted_in->finished(verdict.kind);
  reachability_.returned();
  switch (verdict.kind) {
    case handler::Verdict::Kind::retry:
      return failed("handler_failed", std::move(verdict.reason));
    case handler::Verdict::Kind::reject:
      return failed_for_good("rejected", std::move(verdict.reason));
    case handler::Verdict::Kind::ok:
      if (by_route_) by_route_->count_delivered(*destination_);
      went_well(*this, *destination_, verdict.reply ? "handled" : "delivered");
      if (verdict.reply) return reply(std::move(verdict.reply));
      events::delivered();
      return done(Settlement::accept);
  }
}

void Attempt::completed(Outcome outcome) noexcept {
  reachability_.returned();
  bool away = outcome.kind == Outcome::Kind::away;
  if (away && delivery->stale()) return done(Settlement::requeue);
  if (away && expired()) return;
  reachability_.answered(away);
  if (away) {
    events::waited(subject(*this, destination_, Publication::target), outcome.reason);
    counts().failure.set(outcome.reason);
    return wait(reachability_.next_wait());
  }
  bool is_delivered = outcome.kind == Outcome::Kind::delivered;
  switch (phase_) {
    case Phase::put_back:
      return put_back_ended(outcome);
    case Phase::dead_letter:
      return dead_letter_ended(outcome);
    case Phase::reply:
    case Phase::error_reply:
      return replied(outcome);
    case Phase::deliver:
    case Phase::route_reply:
    case Phase::open:
      break;
  }
  if (!is_delivered)
    return outcome.cause == Outcome::Cause::around ? failed("undeliverable", std::move(outcome.reason))
                                                   : failed_for_good("undeliverable", std::move(outcome.reason));
  events::delivered();
  went_well(*this, *destination_, phase_ == Phase::deliver ? "delivered" : "reply delivered");
  if (phase_ == Phase::deliver) by_route_->count_delivered(*destination_);
  if (phase_ == Phase::deliver && requester_.waits()) events::request_forwarded();
  done(Settlement::accept);
}

// A request's own reply address comes first, then the route's.
void Attempt::reply(std::unique_ptr<OwnedMessage> returned) noexcept {
  auto* by_route = destination_->reply_to();
  if (!requester_.waits() && !by_route) {
    events::reply_without_address(subject(*this));
    return done(Settlement::accept);
  }
  requester_.carry_reply(*this, std::move(returned));
  if (requester_.waits()) {
    phase_ = Phase::reply;
    destination_ = &origin_->requesters;
    reply_address = address_of(delivery->message);
  } else {
    phase_ = Phase::route_reply;
    destination_ = by_route;
  }
  attempt();
}

void Attempt::open() noexcept {
  if (!returned_) returned_ = std::make_unique<reply::Returned>();
  auto fault = table_->replier().open(delivery->message, *origin->section, unix_ms(), *returned_);
  go_by(returned_->route ? &table_->route(*returned_->route) : nullptr);
  if (fault != reply::Fault::none) return unusable(fault);
  phase_ = Phase::reply;
  destination_ = &table_->origin(returned_->origin->name)->requesters;
  content = &returned_->message;
  reply_address = {returned_->path.address, returned_->path.partition};
  attempt();
}

void Attempt::unusable(reply::Fault fault) noexcept {
  auto what = by_route_ ? by_route_->config->late_replies : table_->config().replies.unusable;
  events::reply_unusable(subject(*this), to_string(fault));
  if (what == config::Unusable::drop) return done(Settlement::accept);
  failed_for_good("reply_unusable", "a reply that cannot be handed on: " + std::string(to_string(fault)));
}

// A requester that went away is a settled case: trying again would find it gone again.
void Attempt::replied(const Outcome& outcome) noexcept {
  bool is_delivered = outcome.kind == Outcome::Kind::delivered;
  if (!is_delivered) events::reply_undeliverable(subject(*this, destination_, Publication::target), outcome.reason);
  if (phase_ == Phase::error_reply) {
    if (is_delivered) events::error_replied();
    phase_ = Phase::dead_letter;
    return failure.code == kTimeout ? done(Settlement::accept) : exhausted();
  }
  if (is_delivered) events::replied();
  if (is_delivered) went_well(*this, *destination_, "reply delivered");
  done(Settlement::accept);
}

void Attempt::failed(std::string_view code, std::string reason) noexcept {
  // A bridge that stops takes its handlers' work away: no fault of the message, which comes again.
  if (queue_.stopped()) return give_back();
  failure.code = code;
  failure.reason = std::move(reason);
  failure.target.assign(Publication::target);
  if (++failure.attempts >= policy_->attempts) return exhausted();
  events::retried(subject(*this, destination_, failure.target), failure, policy_->attempts);
  counts().retries.add();
  counts().failure.set(failure.reason);
  wait(policy_->backoff.at(failure.attempts));
}

// The next attempt would find the same.
void Attempt::failed_for_good(std::string_view code, std::string reason) noexcept {
  ++failure.attempts;
  failure.code = code;
  failure.reason = std::move(reason);
  failure.target.assign(Publication::target);
  exhausted();
}

void Attempt::exhausted() noexcept {
  if (tell_requester()) return;
  if (policy_->dead_letter) {
    phase_ = Phase::dead_letter;
    destination_ = policy_->dead_letter.get();
    content = &delivery->message;
    if (!dead_letter) dead_letter = std::make_unique<DeadLetter>();
    dead_letter->begin();
    return send();
  }
  if (policy_->reject_when_exhausted) {
    events::rejected(subject(*this, assigned_, failure.target), failure);
    counts().failure.set(failure.reason);
    return done(Settlement::reject);
  }
  if (requester_.told()) return done(Settlement::accept);  // what becomes of its message is in its own hands
  hold("no dead_letter is configured: " + failure.reason);
}

// What its destination cannot carry, the dead letter's broker mostly cannot either: less of it is kept, so that one
// message does not stop those behind it.
void Attempt::dead_letter_ended(const Outcome& outcome) noexcept {
  auto& message = delivery->message;
  if (outcome.kind != Outcome::Kind::delivered) {
    if (outcome.cause == Outcome::Cause::size && dead_letter->leave_out_more(message)) return send();
    return hold("dead letter refused: " + outcome.reason);
  }
  events::dead_lettered(subject(*this, assigned_, failure.target), failure, destination_->text());
  counts().dead_lettered(failure.code);
  counts().failure.set(failure.reason);
  latest_letters().add({.unix_ms = unix_ms(),
                        .route = std::string(route),
                        .broker = origin->section->name,
                        .source = origin->section->settings->subscription(delivery->subscription).source,
                        .target = std::string(message.target),
                        .partition = delivery->partition,
                        .offset = delivery->offset,
                        .code = failure.code,
                        .reason = failure.reason,
                        .attempts = failure.attempts});
  if (auto what = dead_letter->left_out(); !what.empty())
    events::dead_letter_reduced(subject(*this, destination_, Publication::target), what,
                                dead_letter->without_headers() ? message.headers.size() : 0);
  done(Settlement::accept);
}

// A copy is in the queue, and the original is settled; or not.
void Attempt::put_back_ended(const Outcome& outcome) noexcept {
  bool is_delivered = outcome.kind == Outcome::Kind::delivered;
  events::put_back(subject(*this, nullptr, Publication::target), failure.reason,
                   is_delivered ? std::string() : outcome.reason);
  if (!is_delivered && !or_handle_) {
    phase_ = before_;  // the next time that, too, may succeed
    return park("its queue may drop it after this delivery, and it cannot be put back: " + outcome.reason);
  }
  if (!is_delivered) owner_.put_back_refused();
  done(Settlement::accept);
}

// Never dropped: it stays unacknowledged here, and is tried again in case the operator has mended the cause. What its
// queue would drop after this delivery cannot stay.
void Attempt::hold(const std::string& why) noexcept {
  auto* left = delivery->deliveries_left.get();
  if (!left || left->another || !left->dead_letter) return park(why);
  before_ = phase_;
  phase_ = Phase::put_back;
  destination_ = &origin_->source;
  failure.reason = left->reason + "; " + why;
  send();
}

void Attempt::park(const std::string& why) noexcept {
  events::held(subject(*this, assigned_, failure.target), failure, why, !std::exchange(held_, true));
  counts().failure.set(why);
  counts().held.add(1);
  parked_ = true;
  owner_.attempt_held(true);
  wait(policy_->backoff.at(kLongestStep));
}

void Attempt::unpark() noexcept {
  if (!std::exchange(parked_, false)) return;
  counts().held.add(-1);
  owner_.attempt_held(false);
}

void Attempt::wait(Duration wait) noexcept {
  queue_.add(*this, phase_ == Phase::deliver ? requester_.at_most(wait, *this, queue_.now()) : wait);
}

void Attempt::done(Settlement settlement) noexcept {
  requester_.end();
  moved_to_.reset();
  begun_in_->ended.add();
  owner_.attempt_done(settlement);
}

}  // namespace mombridge::routing
