#include "routing/branch.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "routing/events.hpp"
#include "routing/passage.hpp"
#include "routing/router.hpp"

namespace mombridge::routing {

namespace {

/// A destination that is away is asked again soon: it is not the message's fault, and recovery should be quick.
const Backoff kAwayBackoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};

constexpr Duration kWhileDraining = std::chrono::hours(24);  ///< longer than any drain, which ends the wait

}  // namespace

void Branch::aim(const Route* route, const Target* to, const FailurePolicy* policy, Part part) {
  set_up(to->broker ? Step::publish : Step::handle, route, to, policy);
  answers_ = part == Part::answers;
  looks_on_ = part == Part::looks_on;
}

void Branch::carry_home() { set_up(Step::open, nullptr, nullptr, nullptr); }

void Branch::condemn(const Route* route, const FailurePolicy* policy, std::string reason) {
  set_up(Step::dead_letter, route, nullptr, policy);
  reason_ = std::move(reason);
}

void Branch::put_back(bool instead) {
  set_up(Step::put_back, nullptr, nullptr, passage_.table()->default_failures().get());
  reason_ = passage_.delivery().deliveries_left->reason;
  instead_ = instead;
}

void Branch::set_up(Step step, const Route* route, const Target* to, const FailurePolicy* policy) {
  step_ = before_ = step;
  route_ = route;
  to_ = to;
  policy_ = policy;
  answers_ = looks_on_ = told_ = held_ = parked_ = instead_ = false;
  Publication::author = {};
  attempts_ = waits_ = 0;
  away_.store(false, std::memory_order_relaxed);
}

void Branch::start() noexcept {
  if (step_ == Step::dead_letter) return exhausted();
  if (answers_ && !may_answer()) {
    answers_ = false;
    looks_on_ = true;
  }
  attempt();
}

void Branch::attempt() noexcept {
  // Its source has it again and will deliver it anew: going on here would only make a second copy.
  if (stale()) return done(Settlement::requeue);
  switch (step_) {
    case Step::publish:
      return expired() ? void() : publish();
    case Step::handle:
      return expired() ? void() : handle();
    case Step::open:
      return open();
    case Step::reply_to_requester:
    case Step::reply_to_route:
    case Step::error_reply:
      return lend_to(*replies_to_->instance);
    case Step::dead_letter:
      return exhausted();
    case Step::put_back:
      return go_back();
  }
}

void Branch::resume() noexcept {
  // A bridge that stops gives back what is held, and does not begin with it anew.
  if (parked_ && passage_.router().draining()) return passage_.router().waits().add(*this, kWhileDraining);
  if (std::exchange(parked_, false)) passage_.branch_held(false);
  attempt();
}

void Branch::give_back() noexcept {
  if (std::exchange(parked_, false)) passage_.branch_held(false);
  done(Settlement::requeue);
}

void Branch::held(bool yes) noexcept { passage_.branch_held(yes); }

void Branch::publish() {
  auto& delivery = passage_.delivery();
  if (auto ok = prepare(*this, rendered_, *to_, delivery.message, passage_.origin().section->name, &route_->mark); !ok)
    return hopeless("refused", ok.error().text);
  if (address()) lend_to(*to_->broker->instance);
}

void Branch::lend_to(Broker& destination) noexcept {
  lent_to_.store(&destination, std::memory_order_relaxed);
  destination.publish(*this);
}

bool Branch::stale() const noexcept { return passage_.delivery().stale(); }

bool Branch::wanted() const noexcept { return !stale() && !past_deadline(); }

bool Branch::away() const noexcept {
  if (away_.load(std::memory_order_relaxed)) return true;
  auto* destination = lent_to_.load(std::memory_order_relaxed);
  if (!destination) return false;
  auto links = destination->status();
  return std::ranges::any_of(links, [](auto& l) { return l.link == "publisher" && l.state != LinkStatus::State::up; });
}

void Branch::handle() {
  Call::message = &passage_.delivery().message;
  Call::broker = passage_.origin().section->name;
  Call::attempt = attempts_ + 1;
  to_->handler->handle(*this);
}

void Branch::finished(handler::Verdict verdict) noexcept {
  switch (verdict.kind) {
    case handler::Verdict::Kind::retry:
      return failed("handler_failed", std::move(verdict.reason));
    case handler::Verdict::Kind::reject:
      return hopeless("rejected", std::move(verdict.reason));
    case handler::Verdict::Kind::ok:
      if (verdict.reply) return reply(std::move(verdict.reply));
      events::delivered();
      return done(Settlement::accept);
  }
}

void Branch::completed(Outcome outcome) noexcept {
  lent_to_.store(nullptr, std::memory_order_relaxed);
  bool is_away = outcome.kind == Outcome::Kind::away;
  if (is_away && stale()) return done(Settlement::requeue);
  if (is_away && expired()) return;
  away_.store(is_away, std::memory_order_relaxed);
  if (is_away) return waits(outcome.reason);
  waits_ = 0;
  bool delivered = outcome.kind == Outcome::Kind::delivered;
  if (step_ == Step::put_back) return gone_back(outcome);
  if (step_ == Step::dead_letter) return delivered ? dead_lettered() : dead_letter_refused(outcome);
  if (step_ == Step::reply_to_requester || step_ == Step::error_reply) return replied(outcome);
  if (!delivered)
    return outcome.cause == Outcome::Cause::around ? failed("undeliverable", std::move(outcome.reason))
                                                   : hopeless("undeliverable", std::move(outcome.reason));
  events::delivered();
  if (answers_ && step_ == Step::publish) events::request_forwarded();
  done(Settlement::accept);
}

void Branch::failed(std::string_view code, std::string reason) noexcept {
  // A bridge that stops takes its handlers' work away: no fault of the message, which comes again.
  if (passage_.router().stopping()) return give_back();
  code_ = code;
  reason_ = std::move(reason);
  if (++attempts_ >= policy_->attempts) return exhausted();
  auto& to = step_ == Step::reply_to_route ? *to_->reply_to : *to_;
  events::retried(route_name(), to.text(), reason_, attempts_, policy_->attempts);
  later(policy_->backoff.at(attempts_));
}

// The next attempt would find the same.
void Branch::hopeless(std::string_view code, std::string reason) noexcept {
  ++attempts_;
  code_ = code;
  reason_ = std::move(reason);
  exhausted();
}

void Branch::waits(const std::string& reason) noexcept {
  events::waited(route_name(), Publication::target, reason);
  later(kAwayBackoff.at(std::min(++waits_, 16u)));
}

void Branch::exhausted() noexcept {
  if (tell_requester()) return;
  if (policy_->dead_letter && policy_->dead_letter->broker && policy_->dead_letter->broker->instance)
    return dead_letter();
  if (policy_->reject_when_exhausted) {
    events::rejected(route_name(), passage_.delivery().message.target, reason_, attempts_);
    return done(Settlement::reject);
  }
  if (told_) return done(Settlement::accept);  // the requester has its message's fate in its own hands
  hold("no dead_letter is configured: " + reason_);
}

void Branch::dead_letter() {
  step_ = Step::dead_letter;
  if (!dead_) dead_ = std::make_unique<DeadLetter>();
  dead_->begin();
  send_dead_letter();
}

void Branch::send_dead_letter() {
  auto& delivery = passage_.delivery();
  auto& origin = passage_.origin();
  auto& to = *policy_->dead_letter;
  if (auto ok = prepare(*this, rendered_, to, delivery.message, origin.section->name); !ok)
    return hold(ok.error().text);
  if (!to.config->exchange) Publication::exchange = {};  // the default exchange: a queue's name is enough
  dead_->fill(*this, rendered_, delivery,
              {origin.section->name, origin.section->settings->subscriptions[delivery.subscription].source,
               route_ ? route_name() : std::string_view(), reason_, attempts_},
              to.broker->section->type == "kafka");
  lend_to(*to.broker->instance);
}

// What its destination cannot carry, the dead letter's broker mostly cannot either: less of it is kept, and whoever
// sent the message does not stop what comes behind it.
void Branch::dead_letter_refused(const Outcome& outcome) noexcept {
  if (outcome.cause == Outcome::Cause::size && dead_->leave_out_more(passage_.delivery().message))
    return send_dead_letter();
  hold("dead letter refused: " + outcome.reason);
}

void Branch::dead_lettered() noexcept {
  auto& message = passage_.delivery().message;
  events::dead_lettered(route_name(), message.target, reason_, attempts_);
  if (auto what = dead_->left_out(); !what.empty())
    events::dead_letter_reduced(route_name(), message.target, what,
                                dead_->without_headers() ? message.headers.size() : 0);
  done(Settlement::accept);
}

// A copy of the message at the end of its own queue, where its deliveries are counted from the beginning. The original
// is settled when the copy is confirmed.
void Branch::go_back() {
  auto& delivery = passage_.delivery();
  auto& left = *delivery.deliveries_left;
  step_ = Step::put_back;
  Publication::message = &delivery.message;
  Publication::exchange = {};
  Publication::target = left.back_to;
  Publication::key = delivery.message.key;
  // Those that stay on this side of the bridge, where the copy stays, too.
  rendered_.headers.assign(delivery.message.local.begin(), delivery.message.local.end());
  rendered_.headers.insert(rendered_.headers.end(), left.headers.begin(), left.headers.end());
  Publication::headers = rendered_.headers;
  Publication::author = left.author;
  Publication::partition = -1;
  Publication::mandatory = true;
  Publication::keep_timestamp = false;
  Publication::literal_id = false;
  lend_to(*passage_.origin().instance);
}

void Branch::gone_back(const Outcome& outcome) noexcept {
  auto& delivery = passage_.delivery();
  bool delivered = outcome.kind == Outcome::Kind::delivered;
  events::put_back(passage_.origin().section->name, Publication::target, delivery.message.target, reason_,
                   delivered ? std::string() : outcome.reason);
  if (!delivered && !instead_) {
    step_ = before_;  // the next time that, too, may succeed
    return park("its queue may drop it after this delivery, and it cannot be put back: " + outcome.reason);
  }
  if (!delivered) passage_.start_others();
  done(Settlement::accept);
}

// Never dropped: it stays unacknowledged here, and is tried again in case the operator has mended the cause. What its
// queue would drop after this delivery cannot stay.
void Branch::hold(const std::string& why) noexcept {
  auto* left = passage_.delivery().deliveries_left.get();
  if (!left || left->another || !left->dead_letter) return park(why);
  before_ = step_;
  reason_ = left->reason + "; " + why;
  go_back();
}

void Branch::park(const std::string& why) noexcept {
  events::held(route_name(), passage_.delivery().message.target, why, attempts_, !std::exchange(held_, true));
  parked_ = true;
  passage_.branch_held(true);
  later(policy_->backoff.at(16));
}

void Branch::later(Duration wait) noexcept {
  // Not beyond the deadline, so that the requester hears of it then.
  if (answers_ && (step_ == Step::publish || step_ == Step::handle))
    wait = std::min<Duration>(wait, std::max<Duration>(deadline_.remaining(Clock::now()), 0ms) + 1ms);
  passage_.router().waits().add(*this, wait);
}

void Branch::done(Settlement settlement) noexcept {
  if (reply_) reply_->content.reset();  // branches are kept for further messages, and a reply may be large
  passage_.branch_done(settlement);
}

std::string_view Branch::route_name() const { return route_ ? std::string_view(route_->config->name) : "(unrouted)"; }

}  // namespace mombridge::routing
