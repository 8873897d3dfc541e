// The part of a branch that is about requests and their replies.

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "routing/branch.hpp"
#include "routing/events.hpp"
#include "routing/passage.hpp"

namespace mombridge::routing {

namespace {
constexpr std::string_view kTimeout =
    "timeout";  ///< of the codes in `mombridge-error`, the one after which nothing follows
}

bool Branch::may_answer() {
  auto& message = passage_.delivery().message;
  auto& origin = *passage_.origin().section;
  auto& table = *passage_.table();
  if (!table.replier().allowed(origin, message)) {
    events::reply_not_allowed(route_name(), origin.name, *message.reply_to);
    return false;
  }
  auto timeout = route_->config->reply_timeout.value_or(table.config().replies.timeout);
  deadline_ = reply::deadline_of(message, timeout, Instant::now());
  return true;
}

// Nobody waits for the answer any more: then nobody shall work for it. A patience that is just ours ends what we
// forward, as its answer could not come back, and not what our own handlers do.
bool Branch::past_deadline() const noexcept {
  bool ends = step_ == Step::publish || (step_ == Step::handle && deadline_.asked);
  return answers_ && ends && deadline_.expired(Clock::now());
}

bool Branch::expired() noexcept {
  if (!past_deadline()) return false;
  auto late = std::chrono::duration_cast<std::chrono::milliseconds>(-deadline_.remaining(Clock::now()));
  events::request_expired(route_name(), late.count());
  code_ = kTimeout;
  reason_ = "the deadline passed before the request could be delivered";
  if (!tell_requester()) done(Settlement::accept);
  return true;
}

// Of a request's destinations one is told where to reply, and no other. Where nobody can answer, the address is a
// property like others. Returns false where the message goes no further.
bool Branch::address() {
  if (!answers_ && !looks_on_) return true;
  auto& message = passage_.delivery().message;
  if (!forwarded_) forwarded_ = std::make_unique<reply::Forwarded>();
  if (answers_) return address_request();
  forwarded_->message = message;
  forwarded_->message.reply_to.reset();
  forwarded_->message.reply_partition.reset();
  Publication::message = &forwarded_->message;
  return true;
}

bool Branch::address_request() {
  auto& via = *to_->broker;
  bool ready = via.instance->takes_requests();
  away_.store(!ready, std::memory_order_relaxed);
  if (!ready) {
    waits("not connected, or the bridge's own reply queue or topic is not there yet");
    return false;
  }
  auto ok = passage_.table()->replier().forward(passage_.delivery().message,
                                                {*route_->config, *passage_.origin().section, *via.section}, deadline_,
                                                Clock::now(), *forwarded_);
  if (!ok) {
    events::request_too_long(route_name(), ok.error().text);
    hopeless("return_path_too_long", ok.error().text);
    return false;
  }
  Publication::message = &forwarded_->message;
  rendered_.headers.push_back({header::kDeadline, Value::of(forwarded_->deadline)});
  Publication::headers = rendered_.headers;
  return true;
}

// A request's own reply address comes first, then the route's.
void Branch::reply(std::unique_ptr<OwnedMessage> content) {
  auto& request = passage_.delivery().message;
  auto& settings = *passage_.origin().section->settings;
  if (!reply_) reply_ = std::make_unique<OutgoingReply>();
  reply_->fill(std::move(content), request, settings.appname);
  if (answers_) {
    step_ = Step::reply_to_requester;
    replies_to_ = &passage_.origin();
    address_reply(*this, reply_->message, {*request.reply_to, request.reply_partition}, settings);
  } else if (to_->reply_to) {
    step_ = Step::reply_to_route;
    replies_to_ = to_->reply_to->broker;
    if (auto ok = prepare(*this, rendered_, *to_->reply_to, request, Call::broker); !ok)
      return hopeless("refused", ok.error().text);
    Publication::message = &reply_->message;
    if (!to_->reply_to->key) Publication::key = reply_->message.key;
  } else {
    events::reply_without_address(route_name());
    return done(Settlement::accept);
  }
  attempt();
}

void Branch::open() {
  auto& table = *passage_.table();
  auto& via = *passage_.origin().section;
  if (!returned_) returned_ = std::make_unique<reply::Returned>();
  auto fault = table.replier().open(passage_.delivery().message, via, unix_ms(), *returned_);
  auto* route = returned_->route ? &table.route(*returned_->route) : nullptr;
  if (fault != reply::Fault::none) return unusable(fault, route);
  route_ = route;
  replies_to_ = table.endpoint(returned_->origin->name);
  step_ = Step::reply_to_requester;
  address_reply(*this, returned_->message, {returned_->path.address, returned_->path.partition},
                *returned_->origin->settings);
  attempt();
}

void Branch::unusable(reply::Fault fault, const Route* route) noexcept {
  auto& table = *passage_.table();
  auto what = route ? route->config->late_replies : table.config().replies.unusable;
  route_ = route;
  events::reply_unusable(passage_.origin().section->name, route_name(), to_string(fault));
  if (what == config::Unusable::drop) return done(Settlement::accept);
  policy_ = route ? route->failures.get() : table.default_failures().get();
  hopeless("reply_unusable", "a reply that cannot be handed on: " + std::string(to_string(fault)));
}

// A requester that went away is a settled case: trying again would find it gone again.
void Branch::replied(const Outcome& outcome) noexcept {
  bool delivered = outcome.kind == Outcome::Kind::delivered;
  if (!delivered) events::reply_undeliverable(replies_to_->section->name, Publication::target, outcome.reason);
  if (step_ == Step::error_reply) {
    if (delivered) events::error_replied();
    step_ = Step::dead_letter;
    return code_ == kTimeout ? done(Settlement::accept) : exhausted();
  }
  if (delivered) events::replied();
  done(Settlement::accept);
}

// A message will not be delivered: where the route says so, its requester hears of it, once and before anything else is
// done with it. False where there is nobody to tell.
bool Branch::tell_requester() noexcept {
  if (told_ || !answers_ || !route_->config->error_replies) return false;
  told_ = true;
  auto& request = passage_.delivery().message;
  auto& settings = *passage_.origin().section->settings;
  if (!error_) error_ = std::make_unique<ErrorReply>();
  error_->fill(code_, reason_, request, settings.appname);
  step_ = Step::error_reply;
  replies_to_ = &passage_.origin();
  address_reply(*this, error_->message, {*request.reply_to, request.reply_partition}, settings);
  attempt();
  return true;
}

}  // namespace mombridge::routing
