#include "broker/amqp/publish_channel.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

PublishChannel::PublishChannel(uint16_t number, EventLoop& loop, Connection& connection, std::string broker,
                               ChannelRenewal renewal, User& user)
    : number_(number),
      loop_(loop),
      connection_(connection),
      broker_(std::move(broker)),
      user_(user),
      renewal_(std::move(renewal)) {}

void PublishChannel::open() {
  ready_ = false;
  renewal_.opening();
  window_.begin_channel();
  returning_.reset();
  connection_.open_channel(number_, *this);
  // Before the first publish: the numbers of later ones would be shifted (rabbitmq-server #3870).
  amqp_confirm_select_t select{.nowait = 0};
  connection_.send(number_, AMQP_CONFIRM_SELECT_METHOD, &select);
}

Result<> PublishChannel::write(Publication& publication, const PublishLimits& limits) {
  auto& out = connection_.out();
  auto size = publication.message->body.size();
  bool large = size > kWrittenAtOnce;
  auto wrote =
      large ? write_head(out, number_, publication, limits) : write_publication(out, number_, publication, limits);
  if (!wrote) return wrote;
  window_.add({&publication, size}, loop_.round_began());
  if (large) body_.begin(publication, limits);
  body_.write(out);
  return {};
}

void PublishChannel::write(PublisherIntake::Batch& batch) {
  connection_.out().take(batch.frames);
  for (auto& written : batch.written) window_.add(written, loop_.round_began());
}

std::vector<Publication*> PublishChannel::take_back() {
  body_.stop();
  connection_.out().own();
  return window_.take_back();
}

// Once nothing is unconfirmed: what is, would have to be published again and could arrive twice.
Duration PublishChannel::renew() {
  if (!connection_.is_open()) return Duration::max();
  auto left = renewal_.left(Clock::now());
  if (left == Duration::zero()) {
    user_.channel_broken("a queue is nacked, and the broker does not settle what else is under way on its channel");
    return Duration::max();
  }
  if (renewal_.may_close(window_.empty())) close();
  return left;
}

void PublishChannel::close() {
  amqp_channel_close_t close{
      .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
  connection_.send(number_, AMQP_CHANNEL_CLOSE_METHOD, &close);
}

void PublishChannel::method(amqp_method_number_t id, void* decoded, std::string_view arguments) {
  switch (id) {
    case AMQP_BASIC_ACK_METHOD: {  // delivery-tag, multiple
      Reader in(arguments);
      auto tag = in.number<uint64_t>();
      bool multiple = in.octet() & 1;
      return confirm(tag, multiple, true);
    }
    case AMQP_BASIC_NACK_METHOD: {
      auto& nack = *static_cast<amqp_basic_nack_t*>(decoded);
      return confirm(nack.delivery_tag, nack.multiple, false);
    }
    case AMQP_BASIC_RETURN_METHOD: {
      auto& r = *static_cast<amqp_basic_return_t*>(decoded);
      return returning_.begin(std::to_string(r.reply_code) + " " + printable(view(r.reply_text), 256), view(r.exchange),
                              view(r.routing_key));
    }
    case AMQP_CONFIRM_SELECT_OK_METHOD:
      ready_ = true;
      return user_.channel_ready(*this);
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
      if (!renewal_.closed()) return;
      ready_ = false;
      return user_.channel_left(*this);
    case AMQP_CHANNEL_CLOSE_METHOD: {
      auto& close = *static_cast<amqp_channel_close_t*>(decoded);
      auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
      ready_ = false;
      amqp_channel_close_ok_t ok{};
      connection_.send(number_, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      return user_.channel_closed(*this, why);
    }
    default:
      return;
  }
}

// What is confirmed ends, and takes along the bytes that it has lent.
void PublishChannel::confirm(uint64_t tag, bool multiple, bool acked) {
  auto covers = [&](const Publication* p) { return p && (tag == 0 || tag >= window_.number(*p)); };
  if (covers(body_.publication()))
    return user_.channel_broken("the broker confirmed a message before all of it was sent");
  // Of an encrypted stream, bytes may have been sent that do not count as written yet, because others behind them have
  // not been sent.
  if (covers(connection_.out().lender(number_))) connection_.out().own();
  window_.confirm(tag, multiple, loop_.round_began(),
                  [&](Publication& p, const std::string* returned) { settle(p, acked, returned); });
}

void PublishChannel::settle(Publication& p, bool acked, const std::string* returned) {
  user_.publication_settled(*this, p);
  if (returned) return p.completed(Outcome::refused(*returned));
  if (acked) {
    if (!renewal_.idle()) renewal_.acked(options_of(p).exchange, p.target);
    return p.completed({});
  }
  if (renewal_.nacked(options_of(p).exchange, p.target, loop_.round_began()))
    log::info("publishing on a new channel, because this one has been nacked for a while",
              {{"broker", broker_}, {"exchange", options_of(p).exchange}, {"target", p.target}});
  p.completed(Outcome::away("nacked by the broker (is the queue full?)"));
}

void PublishChannel::content_header(uint64_t body_size, std::string_view properties) {
  if (!returning_.active()) return;
  // What is larger than all that is unconfirmed is none of it, and need not be gathered to see that.
  if (body_size > window_.bytes()) return foreign_return();
  if (returning_.header(body_size, properties)) match_return();
}

void PublishChannel::content_body(std::string_view part) {
  if (returning_.active() && returning_.body(part)) match_return();
}

void PublishChannel::match_return() {
  bool ours = window_.match(returning_.message());
  returning_.reset();  // with its memory
  if (!ours) foreign_return();
}

// The stream is not what it seems, and an ack could be taken for the wrong publication.
void PublishChannel::foreign_return() { user_.channel_broken("the broker returned a message that was not published"); }

}  // namespace mombridge::amqp
