#include "routing/events.hpp"

#include <initializer_list>
#include <vector>

#include "base/counters.hpp"
#include "base/log_limit.hpp"
#include "routing/outgoing.hpp"
#include "routing/place.hpp"
#include "routing/taps.hpp"

namespace mombridge::routing::events {

namespace {

/// Ids and targets are a message's own, and may be long.
constexpr size_t kLongestText = 256;

/// Never destroyed, because threads may still log while statics are torn down.
log::LineLimit& limit() {
  constexpr size_t kMostKinds = 20'000;  // the routes of a large configuration, with several kinds each
  static auto* instance = new log::LineLimit(5s, kMostKinds);
  return *instance;
}

void add_place(std::vector<log::Field>& fields, const Subject& of) {
  auto& delivery = of.delivery;
  auto place = place_of(delivery, of.broker);
  if (!place.kind.empty()) fields.emplace_back(place.kind, place.name);
  if (delivery.partition < 0) return;
  fields.emplace_back("partition", delivery.partition);
  fields.emplace_back("offset", delivery.offset);
}

std::vector<log::Field> fields_of(const Subject& of) {
  std::vector<log::Field> fields;
  fields.reserve(16);
  auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) fields.emplace_back(name, value.substr(0, kLongestText));
  };
  add("route", of.route);
  add("broker", of.broker.name);
  add_place(fields, of);
  add("message_id", of.delivery.message.message_id.value_or(""));
  add("target", of.delivery.message.target);
  add("to", of.to);
  add("to_target", of.to_target);
  return fields;
}

/// For those who tap the message: what the line of log says of it, without what they have seen when it arrived.
void tell(const Subject& of, std::string_view what, std::initializer_list<log::Field> more) {
  if (!Taps::active() || !taps().show(of.delivery)) [[likely]]
    return;
  std::vector<TapEntry::Field> fields;
  auto add = [&](std::string_view name, std::string_view value, bool number) {
    if (!value.empty()) fields.push_back({std::string(name), std::string(value.substr(0, kLongestText)), number});
  };
  add("route", of.route, false);
  add("to", of.to, false);
  add("to_target", of.to_target, false);
  for (auto& field : more) add(field.name, field.value(), field.number);
  taps().happened(of.delivery, of.route, what, fields);
}

/// A kind of line, and perhaps what counts it.
class Event {
 public:
  Event(std::string_view name, log::Level level, const char* text, bool counted = true)
      : name_(name), counter_(counted ? &counter(name) : nullptr), level_(level), text_(text) {}

  void count() {
    if (counter_) counter_->add();
  }
  /// `code` tells lines of this kind apart, and is a literal of ours.
  void say(const Subject& of, std::string_view code, std::initializer_list<log::Field> more = {}) {
    tell(of, text_, more);
    if (!log::enabled(level_)) return;
    auto left_out = limit().admit(kind(of, code));
    if (!left_out) return;
    auto fields = fields_of(of);
    fields.insert(fields.end(), more);
    if (*left_out) fields.emplace_back("left_out", *left_out);
    log::write(level_, text_, fields);
  }
  void happened(const Subject& of, std::string_view code, std::initializer_list<log::Field> more = {}) {
    count();
    say(of, code, more);
  }

 private:
  // Its memory is used again, because messages that no route takes may be the most of all.
  [[nodiscard]] std::string_view kind(const Subject& of, std::string_view code) const {
    thread_local std::string key;
    key = name_;
    for (std::string_view part : {of.route, std::string_view(of.broker.name), code, std::string_view(of.to)})
      key.append(1, '\0').append(part);
    return key;
  }

  const std::string name_;
  Counter* const counter_;
  const log::Level level_;
  const char* const text_;
};

}  // namespace

void delivered() {
  static Counter& count = counter("delivered");
  count.add();
}

void replied() {
  static Counter& count = counter("replies");
  count.add();
}

void went_well(const Subject& of, std::string_view what) { tell(of, what, {}); }

void retried(const Subject& of, const Failure& why, unsigned most_attempts) {
  static Event event("retried", log::Level::warn, "message failed, will be tried again");
  event.happened(of, why.code, {{"reason", why.reason}, {"attempt", why.attempts}, {"of", most_attempts}});
}

void waited(const Subject& of, const std::string& reason) {
  static Event event("waited_for_destination", log::Level::warn, "destination away, message waits");
  event.happened(of, {}, {{"reason", reason}});
}

void dead_lettered(const Subject& of, const Failure& why, const std::string& dead_letter) {
  static Event event("dead_lettered", log::Level::warn, "message dead-lettered");
  event.happened(of, why.code, {{"dead_letter", dead_letter}, {"reason", why.reason}, {"attempts", why.attempts}});
}

void dead_letter_reduced(const Subject& of, std::string_view left_out, size_t headers) {
  static Event event("dead_letters_reduced", log::Level::warn,
                     "dead letter was too large for its broker, a part was left out");
  static Counter& without_headers = counter("dead_letters_without_headers");
  if (headers) without_headers.add();
  event.happened(of, left_out, {{"without", left_out}, {"headers", headers}});
}

void discarded(const Subject& of) {
  static Event event("unrouted_discarded", log::Level::warn, "unrouted message discarded");
  event.happened(of, {});
}

void unrouted(const Subject& of) {
  static Event event("unrouted_dead_lettered", log::Level::warn, "unrouted message dead-lettered", false);
  event.happened(of, {});
}

void looped(const Subject& of, std::string_view reason) {
  static Event event("looped", log::Level::error, "message refused", false);
  event.happened(of, reason,
                 {{"reason", reason}, {"hint", "a route must not send to where it reads, itself or by way of others"}});
}

void rejected(const Subject& of, const Failure& why) {
  static Event event("rejected_to_source", log::Level::warn, "message rejected to its source");
  event.happened(of, why.code, {{"reason", why.reason}, {"attempts", why.attempts}});
}

void held(const Subject& of, const Failure& why, const std::string& reason, bool first) {
  static Event event("held", log::Level::error, "message held");
  if (first) event.count();
  event.say(of, why.code, {{"reason", reason}, {"attempts", why.attempts}});
}

void put_back(const Subject& of, const std::string& reason, const std::string& refused) {
  static Event put("put_back", log::Level::error, "message put back to the end of its queue, which would drop it soon");
  static Event not_put("put_back_refused", log::Level::error, "message could not be put back to the end of its queue");
  if (refused.empty()) return put.happened(of, {}, {{"reason", reason}});
  not_put.happened(of, {}, {{"reason", reason}, {"refused", refused}});
}

void near_delivery_limit(const Subject& of, const std::string& reason) {
  static Event event("near_delivery_limit", log::Level::error,
                     "message near its queue's delivery limit, no dead_letter");
  event.happened(of, {}, {{"reason", reason}, {"mend", "failures: {dead_letter: {broker: ..., target: ...}}"}});
}

void reply_undeliverable(const Subject& of, const std::string& reason) {
  static Event event("reply_undeliverable", log::Level::warn, "reply undeliverable");
  event.happened(of, {}, {{"reason", reason}});
}

void reply_not_allowed(const Subject& of, std::string_view reply_to) {
  static Event event("reply_not_allowed", log::Level::warn, "reply address not allowed");
  event.happened(of, {}, {{"reply_to", reply_to}, {"see", "allow_reply_to"}});
}

void request_forwarded() {
  static Counter& count = counter("requests_forwarded");
  count.add();
}

void request_expired(const Subject& of, int64_t late_ms) {
  static Event event("requests_expired", log::Level::warn, "request past its deadline, not passed on");
  event.happened(of, {}, {{"late_ms", late_ms}});
}

void request_too_long(const Subject& of, const std::string& why) {
  static Event event("requests_return_path_too_long", log::Level::warn,
                     "request refused: its return path does not fit");
  event.happened(of, {}, {{"reason", why}});
}

void error_replied() {
  static Counter& count = counter("error_replies");
  count.add();
}

// The correlation id is not shown: whoever has one can answer in the responder's place.
void reply_unusable(const Subject& of, std::string_view fault) {
  static Event event("reply_unusable", log::Level::warn, "reply not handed on", false);
  counter("reply_unusable", fault).add();
  event.happened(of, fault, {{"reason", fault}});
}

void reply_without_address(const Subject& of) {
  static Event event("reply_without_address", log::Level::warn, "a handler's reply has nowhere to go");
  event.happened(of, {}, {{"mend", "the message has no reply address: give the route's handler a reply_to"}});
}

}  // namespace mombridge::routing::events
