#include "broker/amqp/publisher.hpp"

#include <utility>

#include "base/text.hpp"
#include "broker/amqp/properties.hpp"

namespace mombridge::amqp {

namespace {

constexpr uint16_t kChannel = 1, kLookupChannel = 2, kDeclareChannel = 3;  ///< and above, one for each declaration
constexpr size_t kMaxUnconfirmed = 20000;
constexpr size_t kMaxPendingBytes = 4 << 20;        ///< encoded and not written: more would only lie here
constexpr size_t kMaxUnconfirmedBytes = 256 << 20;  ///< bodies of unconfirmed publications
constexpr Duration kForgetMissing = std::chrono::seconds(1);
constexpr Duration kAfterRefusedLogin = std::chrono::seconds(1);

}  // namespace

Publisher::Publisher(EventLoop& loop, const std::string& broker, const Settings& settings)
    : broker_(broker),
      settings_(settings),
      loop_(loop),
      connection_(loop_, settings, "publisher", *this),
      supervisor_(loop_, broker, "publisher", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
                  [this] { connection_.open(); }) {}

void Publisher::publish(Publication& publication) noexcept {
  if (!gate_.enter()) return publication.completed(Outcome::away("the bridge is stopping"));
  if (inbox_.push(&publication)) loop_.wake();
  gate_.leave();
}

void Publisher::say_goodbye(std::function<void()> gone) {
  supervisor_.stop();
  on_closed_ = std::move(gone);
  connection_.say_goodbye();
}

void Publisher::close() {
  on_closed_ = nullptr;
  ready_ = false;
  connection_.close();
}

void Publisher::give_back() {
  gate_.close();
  take_back_unconfirmed();
  for (Publication* p = inbox_.take(); p;) waiting_.push_back(std::exchange(p, p->next_in_inbox));
  for (auto* p : std::exchange(waiting_, {})) p->completed(Outcome::away("the bridge is stopping"));
}

void Publisher::opened() {
  max_message_size_ = settings_.max_message_size        ? settings_.max_message_size
                      : connection_.server_major() >= 4 ? 16ull << 20  // their default since 4.0
                                                        : 128ull << 20;
  blocked_ = false;
  exchanges_.clear();
  asked_.clear();
  declare_own();
  open_channel();
}

// Each on a channel of its own, which is all that a refusal can cost: a queue that exists with other arguments is used
// as it is.
void Publisher::declare_own() {
  uint16_t channel = kDeclareChannel;
  for (auto& name : settings_.declares) {
    amqp_channel_open_t open{};
    connection_.send(channel, AMQP_CHANNEL_OPEN_METHOD, &open);
    amqp_queue_declare_t declare{};
    declare.queue = bytes(name);
    declare.durable = 1;
    connection_.send(channel, AMQP_QUEUE_DECLARE_METHOD, &declare);
    amqp_channel_close_t close{
        .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
    connection_.send(channel++, AMQP_CHANNEL_CLOSE_METHOD, &close);
  }
}

void Publisher::open_channel() {
  base_ = 1;
  return_ = {};
  return_reasons_.clear();
  return_cursor_ = 0;
  amqp_channel_open_t open{};
  connection_.send(kChannel, AMQP_CHANNEL_OPEN_METHOD, &open);
  // Before the first publish: the numbers of later ones would be shifted (rabbitmq-server #3870).
  amqp_confirm_select_t select{.nowait = 0};
  connection_.send(kChannel, AMQP_CONFIRM_SELECT_METHOD, &select);
}

void Publisher::closed(const Error& error) {
  ready_ = false;
  Publication* culprit = nullptr;
  if (connection_.blamed())
    culprit = take_back_and_blame();
  else
    take_back_unconfirmed();
  if (culprit) culprit->completed(Outcome::refused(error.text));
  if (on_closed_) return std::exchange(on_closed_, nullptr)();
  supervisor_.failed(error, connection_.login_refused() ? kAfterRefusedLogin : Duration::zero());
}

// Whether they arrived is unknown: they are published again, before what came after them.
void Publisher::take_back_unconfirmed() {
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot)
    if (slot->publication) waiting_.push_front(slot->publication);
  slots_.clear();
  unconfirmed_bytes_ = 0;
}

void Publisher::method(uint16_t channel, amqp_method_number_t id, void* decoded, std::string_view arguments) {
  switch (id) {
    case AMQP_BASIC_ACK_METHOD:
      return confirm(arguments);
    case AMQP_BASIC_NACK_METHOD: {
      auto& nack = *static_cast<amqp_basic_nack_t*>(decoded);
      return resolve(nack.delivery_tag, nack.multiple, false);
    }
    case AMQP_BASIC_RETURN_METHOD: {
      auto& r = *static_cast<amqp_basic_return_t*>(decoded);
      return_ = {std::to_string(r.reply_code) + " " + printable(view(r.reply_text), 256),
                 std::string(view(r.exchange)),
                 std::string(view(r.routing_key)),
                 {},
                 {},
                 0,
                 true};
      return;
    }
    case AMQP_CONFIRM_SELECT_OK_METHOD:
      ready_ = true;
      if (auto state = supervisor_.status().state;
          state != LinkStatus::State::up && state != LinkStatus::State::blocked)
        supervisor_.opened(connection_.endpoint() + ", " + connection_.server());
      return;
    case AMQP_EXCHANGE_DECLARE_OK_METHOD:
      return exchange_answer(true, {});
    case AMQP_CHANNEL_CLOSE_METHOD: {
      auto& close = *static_cast<amqp_channel_close_t*>(decoded);
      std::string why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
      amqp_channel_close_ok_t ok{};
      connection_.send(channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      if (channel >= kDeclareChannel)
        return log::info(
            "the bridge's own queue is used as it is",
            {{"broker", broker_}, {"queue", settings_.declares[channel - kDeclareChannel]}, {"reason", why}});
      return channel == kLookupChannel ? exchange_answer(false, why) : channel_closed(why);
    }
    default:
      return;
  }
}

// One publication brought down all that were under way. They go again one by one, so that the next time this happens
// there is no doubt whose fault it was: then, and only then, returns the culprit.
Publication* Publisher::take_back_and_blame() {
  Publication* culprit = nullptr;
  size_t open = 0;
  for (auto& slot : slots_)
    if (slot.publication) culprit = slot.publication, ++open;
  take_back_unconfirmed();
  if (open != 1) {
    solo_ = std::max(solo_, open);
    return nullptr;
  }
  waiting_.pop_front();
  if (solo_) --solo_;
  return culprit;
}

void Publisher::channel_closed(const std::string& why) {
  log::warn("publish channel closed by the broker",
            {{"broker", broker_}, {"reason", why}, {"unconfirmed", slots_.size()}});
  ready_ = false;
  exchanges_.clear();
  auto* culprit = take_back_and_blame();
  open_channel();
  if (culprit) culprit->completed(Outcome::refused(why));
}

void Publisher::blocked(const std::string& reason) {
  blocked_ = true;
  supervisor_.blocked(reason);
}

void Publisher::unblocked() {
  blocked_ = false;
  supervisor_.unblocked();
}

Duration Publisher::serve() {
  for (Publication* p = inbox_.take(); p;) waiting_.push_back(std::exchange(p, p->next_in_inbox));
  pump();
  if (connection_.is_open()) connection_.flush();
  return inbox_.empty() ? Duration::max() : Duration::zero();
}

bool Publisher::has_room() const {
  if (solo_) return slots_.empty();
  return slots_.size() < kMaxUnconfirmed && connection_.pending() < kMaxPendingBytes &&
         unconfirmed_bytes_ < kMaxUnconfirmedBytes;
}

void Publisher::pump() {
  while (ready_ && connection_.is_open() && !blocked_ && !waiting_.empty() && has_room()) {
    auto& publication = *waiting_.front();
    waiting_.pop_front();
    if (!try_write(publication)) {
      waiting_.push_front(&publication);
      return;
    }
  }
}

void Publisher::refuse(Publication& p, std::string why) {
  if (solo_) --solo_;
  p.completed(Outcome::refused(std::move(why)));
}

bool Publisher::try_write(Publication& p) {
  if (!p.wanted()) {
    if (solo_) --solo_;
    p.completed(Outcome::away("its source has taken it back"));
    return true;
  }
  auto size = p.message->body.size();
  if (size > max_message_size_) {
    refuse(p, "a body of " + std::to_string(size) + " bytes is over the broker's limit of " +
                  std::to_string(max_message_size_) + " (max_message_size)");
    return true;
  }
  if (auto longest = std::max(p.target.size(), p.exchange.size()); longest > kMaxShortString) {
    refuse(p, "a routing key or exchange of " + std::to_string(longest) + " bytes: AMQP takes at most 255");
    return true;
  }
  if (!p.exchange.empty()) {
    auto found = exchanges_.find(p.exchange);
    if (found == exchanges_.end() || found->second.state == Exchange::State::asked) return exchange_ready(p);
    if (found->second.state == Exchange::State::missing) {
      refuse(p, found->second.why);
      return true;
    }
  }
  if (auto ok = write(p); !ok) {
    refuse(p, ok.error().text);
    return true;
  }
  slots_.push_back({&p, loop_.round_began()});
  unconfirmed_bytes_ += size;
  return true;
}

// A publish to an exchange that is not there would close the channel and take everything unconfirmed with it, so each
// is looked up first, on a channel where that costs nothing. Everything waits meanwhile: that keeps the order.
bool Publisher::exchange_ready(Publication& p) {
  if (!asked_.empty()) return false;
  asked_ = p.exchange;
  exchanges_[asked_] = {};
  amqp_channel_open_t open{};
  connection_.send(kLookupChannel, AMQP_CHANNEL_OPEN_METHOD, &open);
  amqp_exchange_declare_t declare{};
  declare.exchange = bytes(asked_);
  declare.type = bytes("direct");
  declare.passive = 1;
  connection_.send(kLookupChannel, AMQP_EXCHANGE_DECLARE_METHOD, &declare);
  return false;
}

void Publisher::exchange_answer(bool exists, const std::string& why) {
  auto name = std::exchange(asked_, {});
  if (exists) {
    amqp_channel_close_t close{
        .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
    connection_.send(kLookupChannel, AMQP_CHANNEL_CLOSE_METHOD, &close);
    exchanges_[name] = {Exchange::State::exists, {}};
    return;
  }
  exchanges_[name] = {Exchange::State::missing, why};
  loop_.after(kForgetMissing, [this, name] {
    auto found = exchanges_.find(name);
    if (found != exchanges_.end() && found->second.state == Exchange::State::missing) exchanges_.erase(found);
  });
}

// basic.publish: reserved, exchange, routing-key, bits (mandatory, immediate); then the content header and the body.
Result<> Publisher::write(const Publication& p) {
  auto& out = connection_.out();
  size_t rollback = out.size();
  Writer writer(out);
  constexpr size_t kMethodAndBits = sizeof(uint32_t) + sizeof(uint16_t) + 1;
  writer.frame(AMQP_FRAME_METHOD, kChannel, kMethodAndBits + 1 + p.exchange.size() + 1 + p.target.size());
  writer.number(static_cast<uint32_t>(AMQP_BASIC_PUBLISH_METHOD));
  writer.number(uint16_t{0});
  writer.short_string(p.exchange);
  writer.short_string(p.target);
  writer.octet(p.mandatory);
  writer.octet(AMQP_FRAME_END);

  auto body = p.message->body;
  auto begin = writer.begin_frame(AMQP_FRAME_HEADER, kChannel);
  writer.number(static_cast<uint16_t>(AMQP_BASIC_CLASS));
  writer.number(uint16_t{0});
  writer.number(static_cast<uint64_t>(body.size()));
  auto encoded = encode_properties(writer, p);
  size_t part = connection_.frame_max() - 8;
  if (encoded && out.size() - begin > part)
    encoded = fail("headers of " + std::to_string(out.size() - begin) + " bytes do not fit a frame of " +
                   std::to_string(part));
  if (!encoded) {
    out.truncate(rollback);
    return encoded;
  }
  writer.end_frame(begin);
  while (!body.empty()) {
    auto next = body.substr(0, part);
    writer.frame(AMQP_FRAME_BODY, kChannel, next.size());
    writer.raw(next);
    writer.octet(AMQP_FRAME_END);
    body.remove_prefix(next.size());
  }
  return {};
}

// basic.ack: delivery-tag, multiple.
void Publisher::confirm(std::string_view arguments) {
  Reader in(arguments);
  auto tag = in.number<uint64_t>();
  bool multiple = in.octet() & 1;
  resolve(tag, multiple, true);
}

void Publisher::resolve(uint64_t tag, bool multiple, bool acked) {
  if (tag == 0) tag = base_ + slots_.size() - 1;  // all so far
  if (tag < base_ || tag >= base_ + slots_.size()) return;
  for (uint64_t t = multiple ? base_ : tag; t <= tag; ++t) resolve_slot(slots_[t - base_], t, acked);
  while (!slots_.empty() && !slots_.front().publication) {
    slots_.pop_front();
    ++base_;
  }
}

void Publisher::resolve_slot(Slot& slot, uint64_t tag, bool acked) {
  auto* p = std::exchange(slot.publication, nullptr);
  if (!p) return;
  if (solo_) --solo_;
  unconfirmed_bytes_ -= p->message->body.size();
  pace_.took(loop_.round_began() - slot.written);
  if (slot.returned) {
    auto reason = return_reasons_.extract(tag);
    return p->completed(Outcome::refused(reason ? reason.mapped() : "returned"));
  }
  if (acked) return p->completed({});
  p->completed(Outcome::away("nacked by the broker (is the queue full?)"));
}

}  // namespace mombridge::amqp
