#include "routing/requester.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "routing/events.hpp"
#include "routing/route_table.hpp"

namespace mombridge::routing {

bool Requester::admit(Outgoing& out, const Route& route, const RouteTable& table, const Instant& arrival) {
  auto& request = out.delivery->message;
  auto& origin = *out.origin->section;
  if (!table.replier().allowed(origin, request)) {
    events::reply_not_allowed({*out.delivery, origin, out.route}, *request.reply_to);
    return waits_ = false;
  }
  auto timeout = route.config->reply_timeout.value_or(table.config().replies.timeout);
  out.deadline = reply::deadline_of(request, timeout, arrival);
  return true;
}

bool Requester::gave_up(const Outgoing& out, Answers by, TimePoint now) const noexcept {
  bool ends = by == Answers::afar || (by == Answers::itself && out.deadline.asked);
  return ends && out.deadline.expired(now);
}

Duration Requester::at_most(Duration wait, const Outgoing& out, TimePoint now) const {
  if (!waits_) return wait;
  return std::min<Duration>(wait, std::max<Duration>(out.deadline.remaining(now), 0ms) + 1ms);
}

void Requester::carry_reply(Outgoing& out, std::unique_ptr<OwnedMessage> content) {
  if (!reply_) reply_ = std::make_unique<OutgoingReply>();
  reply_->fill(std::move(content), out.delivery->message, out.origin->section->settings->appname);
  if (waits_) reply_->message.id_form = returned_form(reply_->message.id_form);
  out.content = &reply_->message;
}

bool Requester::carry_error(Outgoing& out, const Route& route) {
  if (told_ || !waits_ || !route.config->error_replies) return false;
  told_ = true;
  auto& request = out.delivery->message;
  if (!error_) error_ = std::make_unique<ErrorReply>();
  error_->fill(out.failure.code, out.failure.reason, request, out.origin->section->settings->appname);
  out.content = &error_->message;
  out.reply_address = address_of(request);
  return true;
}

}  // namespace mombridge::routing
