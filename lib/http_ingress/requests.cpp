#include "http_ingress/requests.hpp"

#include <optional>
#include <utility>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/links.hpp"
#include "config/text.hpp"

namespace mombridge::http_ingress {

namespace {

/// So long without a word from the broker, although requests are open for it: it takes nothing, and that is not the
/// clients' doing.
constexpr Duration kStalled = std::chrono::seconds(1);

/// A bridge that could not deliver the request has answered in the responder's place.
Answer error_reply(const Message& reply, const Value& code) {
  return failure(502, End::failed, printable(code.text, 64) + ": " + printable(reply.body, 1024), Arrived::unknown);
}

Answer answer_of(const Message& reply) {
  if (auto* code = reply.find(header::kError)) return error_reply(reply, *code);
  static auto& headers_dropped = counter("headers_dropped");
  unsigned left_out = 0;
  Answer answer{.status = 200, .end = End::replied, .body = std::string(reply.body), .type = {}, .headers = {}};
  answer.headers = http_headers(reply, left_out);
  auto type = reply.content_type.value_or("application/octet-stream");
  fits_http(type) ? void(answer.type = type) : void(++left_out);
  if (left_out) headers_dropped.add(left_out);
  return answer;
}

Answer answer_to(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::delivered:
      return {};
    case Outcome::Kind::refused:
      return failure(outcome.cause == Outcome::Cause::size ? 413 : 422, End::refused, outcome.reason);
    case Outcome::Kind::away:
      break;
  }
  return try_later(503, End::unavailable, outcome.reason, Arrived::unknown);
}

}  // namespace

/// One request, from its whole arrival until it is answered and its broker has let go of the message.
class Requests::Open final : public Publication, public Replies::Waiter {
 public:
  Open(Requests& all, Admission admission, RequestHead head, std::string body, Respond r)
      : address(std::move(admission.address)),
        respond(std::move(r)),
        all_(all),
        place_(std::move(admission.place)),
        content_(std::move(head), std::move(body)) {
    place_.resize(content_.size());
  }

  /// Fails, in words for the caller, where it is no message.
  Result<> read(const std::string& app_id) {
    if (auto ok = content_.read(address.kind, app_id); !ok) return ok;
    auto& m = content_.message();
    m.target = address.target;
    Publication::message = &m;
    Publication::target = m.target;
    Publication::key = m.key;
    return {};
  }
  /// Of a request: its id, and how long its reply is waited for. What cannot be delivered in that time need not be.
  void expect(std::string id, Duration timeout) {
    correlation_id = std::move(id);
    expiration_ = std::to_string(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
    auto& m = content_.message();
    m.correlation_id = correlation_id;
    m.expiration = expiration_;
  }

  void publish(handler::Outlet to) {
    sent = true;
    outlet_ = std::move(to);
    outlet_.broker->publish(*this);
  }
  void send(ReplyClient& client) override {
    content_.message().reply_to = client.reply_address();
    publish(client.outlet());
  }
  void replied(const Message& reply) override { all_.replied(*this, reply); }

  void completed(Outcome result) noexcept override {
    // The broker is here, so this is not the last that holds it.
    outlet_ = {};
    outcome = std::move(result);
    auto& loop = all_.loop_;
    if (all_.completed_.push(this)) loop.wake();
  }
  [[nodiscard]] bool wanted() const noexcept override { return !given_up_; }
  /// Nobody waits any more: a broker that has not sent it yet need not.
  void give_up() { given_up_ = true; }

  // [loop]
  const Address address;
  const Respond respond;
  std::string correlation_id;  ///< empty: no reply is waited for
  bool sent = false, confirmed = false, answered = false;
  EventLoop::TimerId timer = 0;
  std::optional<Outcome> outcome;  ///< [loop, once it was pushed to completed_]

 private:
  Requests& all_;
  std::string expiration_;
  OpenRequests::Place place_;
  Content content_;
  handler::Outlet outlet_;  ///< while it has the message
  std::atomic<bool> given_up_{false};
};

Requests::Requests(EventLoop& loop, std::shared_ptr<const Rules> rules, handler::FindBroker find_broker,
                   MakeClient make_client, Counts& counts)
    : loop_(loop),
      rules_(std::move(rules)),
      find_broker_(std::move(find_broker)),
      counts_(counts),
      replies_(loop, std::move(make_client), counts.late_replies) {}

Requests::~Requests() = default;

void Requests::use(std::shared_ptr<const Rules> rules, const topology::Difference& difference) {
  rules_ = std::move(rules);
  replies_.change(difference);
}

tl::expected<Admission, Answer> Requests::judge(const RequestHead& head, std::optional<uint64_t> length) {
  auto address = rules_->address(head);
  if (!address) {
    counts_.ended("", address.error().end);
    return tl::unexpected(std::move(address.error()));
  }
  auto broker = address->broker;
  auto admitted = admit(std::move(*address), length);
  if (!admitted) counts_.ended(broker, admitted.error().end);
  return admitted;
}

tl::expected<Admission, Answer> Requests::admit(Address address, std::optional<uint64_t> length) {
  if (draining_) return tl::unexpected(try_later(503, End::stopping, "the bridge is stopping"));
  auto& broker = address.broker;
  if (auto away = unavailable(broker)) return tl::unexpected(std::move(*away));
  auto& rules = rules_->ingress();
  auto& all = by_broker_[broker];
  // What comes in chunks says its size at its end.
  auto place = all.enter(length.value_or(rules.max_body), {rules.max_requests, rules.max_waiting}, Clock::now());
  if (!place) return tl::unexpected(full(broker, all));
  return Admission{std::move(address), std::move(place)};
}

std::optional<Answer> Requests::unavailable(const std::string& broker) const {
  auto outlet = find_broker_(broker);
  auto link = outlet.broker ? publisher_not_up(*outlet.broker) : std::nullopt;
  if (outlet.broker && !link) return std::nullopt;
  return try_later(503, End::unavailable, "broker " + broker + " is " + (link ? state_text(*link) : "not there"));
}

Answer Requests::full(const std::string& broker, const OpenRequests& all) const {
  auto open = std::to_string(all.count()) + " requests with " + config::size_text(all.bytes()) + " are open";
  auto stalled = all.stalled(Clock::now());
  if (stalled < kStalled)
    return try_later(429, End::busy,
                     "too many requests at a time for broker " + broker + ": " + open +
                         " (ingress.max_requests, ingress.max_waiting)");
  return try_later(503, End::unavailable,
                   "broker " + broker + " has answered nothing for " +
                       config::to_text(std::chrono::floor<std::chrono::seconds>(stalled)) + ", and " + open);
}

void Requests::begin(Admission admission, RequestHead head, std::string body, Respond respond) {
  auto made = std::make_unique<Open>(*this, std::move(admission), std::move(head), std::move(body), std::move(respond));
  auto& request = *made;
  open_.emplace(&request, std::move(made));
  ++unanswered_;
  if (auto refusal = start(request)) {
    end(request, *refusal);
    open_.erase(&request);
  }
}

std::optional<Answer> Requests::start(Open& request) {
  auto& broker = request.address.broker;
  auto outlet = find_broker_(broker);
  if (!outlet.broker) return try_later(503, End::unavailable, "broker " + broker + " has just been removed");
  if (auto ok = request.read(outlet.settings->appname); !ok) return failure(400, End::invalid, ok.error().text);
  auto timeout = request.address.timeout.value_or(rules_->ingress().timeout);
  request.timer = loop_.after(timeout, [this, &request] { timed_out(request); });
  if (request.address.kind == Kind::publish) {
    request.publish(std::move(outlet));
    return std::nullopt;
  }
  auto id = replies_.expect(rules_->config(), broker, request);
  if (!id) return failure(400, End::invalid, id.error().text);
  request.expect(std::move(*id), timeout);
  return std::nullopt;
}

void Requests::replied(Open& request, const Message& reply) {
  by_broker_[request.address.broker].answered(Clock::now());
  end(request, answer_of(reply));
  if (request.confirmed) open_.erase(&request);
}

Duration Requests::serve() {
  for (auto* request : completed_.take()) finished(*request);
  uint64_t sum = 0;
  for (auto& [broker, all] : by_broker_) sum += all.bytes();
  bytes_ = sum;
  return completed_.empty() ? Duration::max() : Duration::zero();
}

// The broker has let go of the message. That of a request is kept until its reply has come, or does not.
void Requests::finished(Open& request) {
  by_broker_[request.address.broker].answered(Clock::now());
  request.confirmed = true;
  bool delivered = request.outcome->kind == Outcome::Kind::delivered;
  if (!request.answered && (request.address.kind == Kind::publish || !delivered))
    end(request, answer_to(*request.outcome));
  if (request.answered) open_.erase(&request);
}

void Requests::timed_out(Open& request) {
  request.timer = 0;
  auto& broker = request.address.broker;
  if (!request.sent) {
    end(request, try_later(503, End::unavailable,
                           "no connection for requests to broker " + broker + " in time: " + replies_.why_not(broker)));
  } else if (!request.confirmed) {
    end(request, failure(504, End::timed_out,
                         "broker " + broker + " has not confirmed in time: the message may have arrived, or may still",
                         Arrived::unknown));
  } else {
    end(request,
        failure(504, End::timed_out, "the request was delivered, and no reply came in time", Arrived::unknown));
  }
  if (!request.sent || request.confirmed) open_.erase(&request);
}

void Requests::stop() {
  replies_.stop();
  serve();
  for (auto& [key, request] : open_)
    if (!request->answered)
      end(*request,
          try_later(503, End::stopping, "the bridge has stopped: the message may have arrived", Arrived::unknown));
}

void Requests::end(Open& request, const Answer& answer) {
  request.answered = true;
  request.give_up();
  if (!request.correlation_id.empty()) replies_.forget(request.correlation_id);
  loop_.cancel(std::exchange(request.timer, 0));
  --unanswered_;
  counts_.ended(request.address.broker, answer.end);
  request.respond(answer);
}

}  // namespace mombridge::http_ingress
