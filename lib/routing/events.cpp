#include "routing/events.hpp"

#include "base/counters.hpp"
#include "base/log.hpp"

namespace mombridge::routing::events {

namespace {

class Event {
 public:
  Event(const char* name, log::Level level, const char* text) : counter_(counter(name)), level_(level), text_(text) {}
  void happened(log::Fields fields, bool counts = true) {
    if (counts) counter_.add();
    line_.event(level_, text_, fields);
  }

 private:
  Counter& counter_;
  log::Level level_;
  const char* text_;
  log::Repeated line_;
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

void retried(std::string_view route, const std::string& to, const std::string& reason, unsigned attempt, unsigned of) {
  static Event event("retried", log::Level::warn, "message failed, will be tried again");
  event.happened({{"route", route}, {"to", to}, {"reason", reason}, {"attempt", attempt}, {"of", of}});
}

void waited(std::string_view route, std::string_view target, const std::string& reason) {
  static Event event("waited_for_destination", log::Level::warn, "destination away, message waits");
  event.happened({{"route", route}, {"target", target}, {"reason", reason}});
}

void dead_lettered(std::string_view route, std::string_view target, const std::string& reason, unsigned attempts) {
  static Event event("dead_lettered", log::Level::warn, "message dead-lettered");
  event.happened({{"route", route}, {"target", target}, {"reason", reason}, {"attempts", attempts}});
}

void dead_letter_reduced(std::string_view route, std::string_view target, std::string_view left_out, size_t headers) {
  static Event event("dead_letters_reduced", log::Level::warn,
                     "dead letter was too large for its broker, a part was left out");
  static Counter& without_headers = counter("dead_letters_without_headers");
  if (headers) without_headers.add();
  event.happened({{"route", route}, {"target", target}, {"left_out", left_out}, {"headers", headers}});
}

void discarded(std::string_view broker, std::string_view target) {
  static Event event("unrouted_discarded", log::Level::warn, "unrouted message discarded");
  event.happened({{"broker", broker}, {"target", target}});
}

void rejected(std::string_view route, std::string_view target, const std::string& reason, unsigned attempts) {
  static Event event("rejected_to_source", log::Level::warn, "message rejected to its source");
  event.happened({{"route", route}, {"target", target}, {"reason", reason}, {"attempts", attempts}});
}

void held(std::string_view route, std::string_view target, const std::string& why, unsigned attempts, bool first) {
  static Event event("held", log::Level::error, "message held");
  event.happened({{"route", route}, {"target", target}, {"reason", why}, {"attempts", attempts}}, first);
}

void put_back(std::string_view broker, std::string_view queue, std::string_view target, const std::string& reason,
              const std::string& refused) {
  static Event put("put_back", log::Level::error, "message put back to the end of its queue, which would drop it soon");
  static Event not_put("put_back_refused", log::Level::error, "message could not be put back to the end of its queue");
  if (refused.empty())
    return put.happened({{"broker", broker}, {"queue", queue}, {"target", target}, {"reason", reason}});
  not_put.happened(
      {{"broker", broker}, {"queue", queue}, {"target", target}, {"reason", reason}, {"refused", refused}});
}

void near_delivery_limit(std::string_view broker, std::string_view target, const std::string& reason) {
  static Event event("near_delivery_limit", log::Level::error,
                     "message near its queue's delivery limit, no dead_letter");
  event.happened({{"broker", broker},
                  {"target", target},
                  {"reason", reason},
                  {"mend", "failures: {dead_letter: {broker: ..., target: ...}}"}});
}

void reply_undeliverable(std::string_view broker, std::string_view reply_to, const std::string& reason) {
  static Event event("reply_undeliverable", log::Level::warn, "reply undeliverable");
  event.happened({{"broker", broker}, {"reply_to", reply_to}, {"reason", reason}});
}

void reply_not_allowed(std::string_view route, std::string_view broker, std::string_view reply_to) {
  static Event event("reply_not_allowed", log::Level::warn, "reply address not allowed");
  event.happened({{"broker", broker}, {"reply_to", reply_to}, {"route", route}, {"see", "allow_reply_to"}});
}

void request_forwarded() {
  static Counter& count = counter("requests_forwarded");
  count.add();
}

void request_expired(std::string_view route, int64_t late_ms) {
  static Event event("requests_expired", log::Level::warn, "request past its deadline, not passed on");
  event.happened({{"route", route}, {"late_ms", late_ms}});
}

void request_too_long(std::string_view route, const std::string& why) {
  static Event event("requests_return_path_too_long", log::Level::warn,
                     "request refused: its return path does not fit");
  event.happened({{"route", route}, {"reason", why}});
}

void error_replied() {
  static Counter& count = counter("error_replies");
  count.add();
}

// The correlation id is not shown: whoever has one can answer in the responder's place.
void reply_unusable(std::string_view broker, std::string_view route, std::string_view fault) {
  static log::Repeated line;
  counter("reply_unusable", fault).add();
  line.event(log::Level::warn, "reply not handed on", {{"broker", broker}, {"route", route}, {"reason", fault}});
}

void reply_without_address(std::string_view route) {
  static Event event("reply_without_address", log::Level::warn, "a handler's reply has nowhere to go");
  event.happened({{"route", route}, {"mend", "the message has no reply address: give the route's handler a reply_to"}});
}

}  // namespace mombridge::routing::events
