#include "broker/amqp/publisher.hpp"

#include <utility>

#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

constexpr uint16_t kDeclareChannel = 3;  ///< and above, one for each declaration

}  // namespace

Publisher::Publisher(EventLoop& loop, const std::string& broker, const Settings& settings)
    : broker_(broker),
      settings_(settings),
      loop_(loop),
      connection_(loop_, settings, "publisher", *this),
      supervisor_(loop_, broker, "publisher", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
                  [this] { connection_.open(); }) {}

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
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  take_back_unconfirmed();
  for (auto* p : std::exchange(waiting_, {})) p->completed(Outcome::away("the bridge is stopping"));
}

void Publisher::opened() {
  max_message_size_ = settings_.max_message_size        ? settings_.max_message_size
                      : connection_.server_major() >= 4 ? 16ull << 20  // their default since 4.0
                                                        : 128ull << 20;
  blocked_ = false;
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
  {
    std::lock_guard lock(mutex_);
    exchanges_.clear();
  }
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
  take_in();
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
  unconfirmed_bytes_ -= slot.size;
  pace_.took(loop_.round_began() - slot.written);
  if (slot.returned) {
    auto reason = return_reasons_.extract(tag);
    return p->completed(Outcome::refused(reason ? reason.mapped() : "returned"));
  }
  if (acked) return p->completed({});
  p->completed(Outcome::away("nacked by the broker (is the queue full?)"));
}

}  // namespace mombridge::amqp
