#include "routing/branch.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/broker.hpp"
#include "routing/passage.hpp"
#include "routing/router.hpp"

namespace mombridge::routing {

namespace {

/// A destination that is away is asked again soon: it is not the message's fault, and recovery should be quick.
const Backoff kAwayBackoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};

struct Counters {
  Counter& delivered = counter("delivered");
  Counter& retried = counter("retried");
  Counter& waited = counter("waited_for_destination");
  Counter& dead_lettered = counter("dead_lettered");
  Counter& rejected = counter("rejected_to_source");
  Counter& held = counter("held");
  Counter& replies = counter("replies");
  Counter& reply_undeliverable = counter("reply_undeliverable");
  Counter& reply_not_allowed = counter("reply_not_allowed");
  Counter& reply_without_address = counter("reply_without_address");
};
Counters& count() {
  static Counters counters;
  return counters;
}

}  // namespace

void Branch::aim(const Route* route, const Target* to, const FailurePolicy* policy, bool may_reply) {
  route_ = route;
  to_ = to;
  policy_ = policy;
  step_ = to->broker ? Step::publish : Step::handle;
  may_reply_ = may_reply;
  attempts_ = waits_ = 0;
  away_.store(false, std::memory_order_relaxed);
}

void Branch::condemn(const Route* route, const FailurePolicy* policy, std::string reason) {
  route_ = route;
  to_ = nullptr;
  policy_ = policy;
  step_ = Step::dead_letter;
  attempts_ = waits_ = 0;
  away_.store(false, std::memory_order_relaxed);
  reason_ = std::move(reason);
}

void Branch::start() noexcept {
  if (step_ == Step::dead_letter) return exhausted();
  attempt();
}

void Branch::attempt() noexcept {
  // Its source has it again and will deliver it anew: going on here would only make a second copy.
  if (!wanted()) return done(Settlement::requeue);
  switch (step_) {
    case Step::publish: return publish();
    case Step::handle: return handle();
    case Step::reply_to_requester:
    case Step::reply_to_route: return lend_to(passage_.broker_of(step_ == Step::reply_to_route ? to_->reply_to.get() : nullptr));
    case Step::dead_letter: return exhausted();
  }
}

void Branch::publish() {
  auto& delivery = passage_.delivery();
  if (auto ok = prepare(*this, rendered_, *to_, delivery.message, passage_.origin().section->name); !ok) {
    // The next attempt would lack the same header.
    attempts_ = std::max(attempts_ + 1, policy_->attempts);
    reason_ = ok.error().text;
    return exhausted();
  }
  lend_to(*to_->broker->instance);
}

void Branch::lend_to(Broker& destination) noexcept {
  lent_to_.store(&destination, std::memory_order_relaxed);
  destination.publish(*this);
}

bool Branch::wanted() const noexcept { return !passage_.delivery().stale(); }

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
    case handler::Verdict::Kind::retry: return failed(std::move(verdict.reason));
    case handler::Verdict::Kind::reject:
      ++attempts_;
      reason_ = std::move(verdict.reason);
      return exhausted();
    case handler::Verdict::Kind::ok:
      if (verdict.reply) return reply(std::move(verdict.reply));
      count().delivered.add();
      return done(Settlement::accept);
  }
}

// A request's own reply address comes first, then the route's.
void Branch::reply(std::unique_ptr<OwnedMessage> content) {
  auto& request = passage_.delivery().message;
  auto& settings = *passage_.origin().section->settings;
  reply_.fill(std::move(content), request, settings.appname);
  bool to_requester = may_reply_ && request.reply_to && !request.reply_to->empty();
  if (to_requester && !reply_allowed(settings, *request.reply_to)) {
    static log::Repeated repeated;
    repeated.event(log::Level::warn, "reply address not allowed",
                   {{"broker", Call::broker}, {"reply_to", *request.reply_to}, {"route", route_name()}, {"see", "allow_reply_to"}});
    count().reply_not_allowed.add();
    to_requester = false;
  }
  if (to_requester) {
    step_ = Step::reply_to_requester;
    address_reply(*this, reply_, request, settings);
  } else if (to_->reply_to) {
    step_ = Step::reply_to_route;
    auto ok = prepare(*this, rendered_, *to_->reply_to, request, Call::broker);
    if (!ok) {
      attempts_ = std::max(attempts_ + 1, policy_->attempts);
      reason_ = ok.error().text;
      return exhausted();
    }
    Publication::message = &reply_.message;
    if (!to_->reply_to->key) Publication::key = reply_.message.key;
  } else {
    static log::Repeated repeated;
    repeated.event(log::Level::warn, "a handler's reply has nowhere to go",
                   {{"route", route_name()}, {"mend", "the message has no reply address: give the route's handler a reply_to"}});
    count().reply_without_address.add();
    return done(Settlement::accept);
  }
  attempt();
}

void Branch::completed(Outcome outcome) noexcept {
  lent_to_.store(nullptr, std::memory_order_relaxed);
  bool is_away = outcome.kind == Outcome::Kind::away;
  if (is_away && !wanted()) return done(Settlement::requeue);
  away_.store(is_away, std::memory_order_relaxed);
  if (is_away) return waits(outcome.reason);
  waits_ = 0;
  bool delivered = outcome.kind == Outcome::Kind::delivered;
  if (step_ == Step::dead_letter) return delivered ? dead_lettered() : hold("dead letter refused: " + outcome.reason);
  if (step_ == Step::reply_to_requester) {
    // A requester that went away is a settled case: trying again would find it gone again.
    if (!delivered) {
      static log::Repeated repeated;
      repeated.event(log::Level::warn, "reply undeliverable",
                     {{"broker", Call::broker}, {"reply_to", Publication::target}, {"reason", outcome.reason}});
    }
    (delivered ? count().replies : count().reply_undeliverable).add();
    return done(Settlement::accept);
  }
  if (!delivered) return failed(std::move(outcome.reason));
  count().delivered.add();
  done(Settlement::accept);
}

void Branch::failed(std::string reason) noexcept {
  reason_ = std::move(reason);
  if (++attempts_ >= policy_->attempts) return exhausted();
  static log::Repeated repeated;
  repeated.event(log::Level::warn, "message failed, will be tried again",
                 {{"route", route_name()}, {"to", to_->text()}, {"reason", reason_}, {"attempt", attempts_}, {"of", policy_->attempts}});
  count().retried.add();
  later(policy_->backoff.at(attempts_));
}

void Branch::waits(const std::string& reason) noexcept {
  static log::Repeated repeated;
  repeated.event(log::Level::warn, "destination away, message waits",
                 {{"route", route_name()}, {"target", Publication::target}, {"reason", reason}});
  count().waited.add();
  later(kAwayBackoff.at(std::min(++waits_, 16u)));
}

void Branch::exhausted() noexcept {
  if (policy_->dead_letter && policy_->dead_letter->broker && policy_->dead_letter->broker->instance) return dead_letter();
  if (policy_->reject_when_exhausted) {
    count().rejected.add();
    log::warn("message rejected to its source", {{"route", route_name()}, {"reason", reason_}, {"attempts", attempts_}});
    return done(Settlement::reject);
  }
  hold("no dead_letter is configured: " + reason_);
}

void Branch::dead_letter() {
  auto& delivery = passage_.delivery();
  auto& origin = passage_.origin();
  auto& to = *policy_->dead_letter;
  step_ = Step::dead_letter;
  if (auto ok = prepare(*this, rendered_, to, delivery.message, origin.section->name); !ok) return hold(ok.error().text);
  if (!to.config->exchange) Publication::exchange = {};  // the default exchange: a queue's name is enough
  add_dead_letter_headers(*this, rendered_, dead_, delivery,
                          {origin.section->name, origin.section->settings->subscriptions[delivery.subscription].source, route_name()},
                          to.broker->section->type == "kafka", reason_, attempts_);
  lend_to(*to.broker->instance);
}

void Branch::dead_lettered() noexcept {
  static log::Repeated repeated;
  repeated.event(log::Level::warn, "message dead-lettered",
                 {{"route", route_name()}, {"target", passage_.delivery().message.target}, {"reason", reason_}, {"attempts", attempts_}});
  count().dead_lettered.add();
  done(Settlement::accept);
}

// Never dropped: it stays unacknowledged here, and is tried again in case the operator has mended the cause.
void Branch::hold(const std::string& why) noexcept {
  static log::Repeated repeated;
  repeated.event(log::Level::error, "message held",
                 {{"route", route_name()}, {"target", passage_.delivery().message.target}, {"reason", why}, {"attempts", attempts_}});
  count().held.add();
  later(policy_->backoff.at(16));
}

void Branch::later(Duration wait) noexcept {
  auto& router = passage_.router();
  if (router.stopping()) return done(Settlement::requeue);
  router.timers().post([this, wait, &timers = router.timers()] { timers.after(wait, [this] { attempt(); }); });
}

void Branch::done(Settlement settlement) noexcept { passage_.branch_done(settlement); }

std::string_view Branch::route_name() const { return route_ ? std::string_view(route_->config->name) : "(unrouted)"; }

}  // namespace mombridge::routing
