#include "broker/amqp/publisher.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "broker/amqp/arguments.hpp"

namespace mombridge::amqp {

namespace {

// The only publication that was under way is to blame. 406 is about what it says, and mostly about its headers, of
// which fewer may pass; a body over the broker's limit stays what it is. Other codes are about the exchange and
// permissions.
Outcome::Cause cause_of(const std::string& why) {
  if (!why.starts_with("406 ")) return Outcome::Cause::around;
  return why.find("larger than configured max size") == std::string::npos ? Outcome::Cause::size
                                                                          : Outcome::Cause::message;
}

}  // namespace

Publisher::Publisher(EventLoop& loop, const std::string& broker, const Settings& settings, PublisherFirst& order)
    : broker_(broker),
      settings_(settings),
      loop_(loop),
      connection_(loop_, settings, "publisher", *this),
      supervisor_(loop_, broker, "publisher", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
                  [this] { connection_.open(); }),
      order_(order),
      side_(connection_, [this](auto& question, bool yes, auto& why) { answered(question, yes, why); }),
      renewal_(3 * settings.reconnect_delay, settings.reconnect_delay_max) {}

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
  max_message_size_ = settings_.max_message_size               ? settings_.max_message_size
                      : connection_.agreed().server_major >= 4 ? 16ull << 20  // their default since 4.0
                                                               : 128ull << 20;
  blocked_ = false;
  side_.reset(one_channel() ? kChannel : kSideChannel);
  declare_own();
  // A broker that allows a single channel is asked first, and published to then.
  if (!one_channel() || side_.idle()) open_channel();
}

// A queue that exists with other arguments is used as it is.
void Publisher::declare_own() {
  for (auto& name : settings_.declares) {
    if (not_declared_.contains(name)) continue;
    auto said = settings_.declarations.find(name);
    side_.ask({SideChannel::Question::Kind::declare_queue, name,
               said == settings_.declarations.end() ? QueueDeclaration{} : said->second});
  }
}

void Publisher::answered(const SideChannel::Question& question, bool yes, const std::string& why) {
  if (question.kind == SideChannel::Question::Kind::look_up_exchange) return exchange_answer(question.name, yes, why);
  if (!yes)
    log::info("the bridge's own queue is used as it is",
              {{"broker", broker_}, {"queue", question.name}, {"reason", why}});
  if (one_channel() && side_.idle()) open_channel();
}

void Publisher::open_channel() {
  {
    std::lock_guard lock(mutex_);
    exchanges_.clear();
  }
  renewal_.opening();
  base_ = 1;
  return_ = {};
  return_reasons_.clear();
  return_cursor_ = 0;
  connection_.open_channel(kChannel, *this);
  // Before the first publish: the numbers of later ones would be shifted (rabbitmq-server #3870).
  amqp_confirm_select_t select{.nowait = 0};
  connection_.send(kChannel, AMQP_CONFIRM_SELECT_METHOD, &select);
}

// Once nothing is unconfirmed: what is, would have to be published again and could arrive twice.
void Publisher::renew_channel() {
  if (!connection_.is_open()) return;
  if (renewal_.left(Clock::now()) == Duration::zero()) {
    connection_.close();
    return closed({"a queue is nacked, and the broker does not settle what else is under way on its channel"});
  }
  if (!renewal_.may_close(slots_.empty())) return;
  amqp_channel_close_t close{
      .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
  connection_.send(kChannel, AMQP_CHANNEL_CLOSE_METHOD, &close);
}

void Publisher::closed(const Error& error) {
  ready_ = false;
  Publication* culprit = nullptr;
  bool declaring = !side_.idle() && side_.asked().kind == SideChannel::Question::Kind::declare_queue;
  if (connection_.end().blamed() && declaring) {
    log::error("the bridge's own queue cannot be declared, and is not any more",
               {{"broker", broker_}, {"queue", side_.asked().name}, {"reason", error.text}});
    not_declared_.insert(side_.asked().name);
    take_back_unconfirmed();
  } else if (connection_.end().blamed())
    culprit = take_back_and_blame();
  else
    take_back_unconfirmed();
  if (culprit) culprit->completed(Outcome::refused(error.text, Outcome::Cause::size));
  side_.reset(kSideChannel);
  if (on_closed_) return std::exchange(on_closed_, nullptr)();
  supervisor_.failed(error, connection_.end().least_wait());
  order_.publisher_failed(connection_.end().limited());
}

// Whether they arrived is unknown: they are published again, before what came after them.
void Publisher::take_back_unconfirmed() {
  take_in();
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot)
    if (slot->publication) waiting_.push_front(slot->publication);
  slots_.clear();
  unconfirmed_bytes_ = 0;
}

void Publisher::method(amqp_method_number_t id, void* decoded, std::string_view arguments) {
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
        supervisor_.opened(connection_.endpoint() + ", " + connection_.agreed().server);
      return order_.publisher_up();
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
      if (!renewal_.closed()) return;
      ready_ = false;
      return open_channel();
    case AMQP_CHANNEL_CLOSE_METHOD: {
      auto& close = *static_cast<amqp_channel_close_t*>(decoded);
      std::string why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
      amqp_channel_close_ok_t ok{};
      connection_.send(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      return channel_closed(why);
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
  learn_limit(why);
  open_channel();
  if (culprit) culprit->completed(Outcome::refused(why, cause_of(why)));
}

// Each body that is too large costs the channel, and all that is unconfirmed on it comes twice: so one is enough.
// Nobody encodes now, as the channel is closed.
void Publisher::learn_limit(std::string_view why) {
  constexpr std::string_view kWords = "larger than configured max size ";  // rabbit_channel:check_msg_size/2
  auto at = why.find(kWords);
  if (at == std::string_view::npos) return;
  uint64_t limit = 0;
  auto from = why.substr(at + kWords.size());
  if (auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), limit);
      error != std::errc{} || !limit)
    return;
  max_message_size_ = std::min(max_message_size_, limit);
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
  if (acked) {
    if (!renewal_.idle()) renewal_.acked(p->exchange, p->target);
    return p->completed({});
  }
  if (renewal_.nacked(p->exchange, p->target, loop_.round_began()))
    log::info("publishing on a new channel, because this one has been nacked for a while",
              {{"broker", broker_}, {"exchange", p->exchange}, {"target", p->target}});
  p->completed(Outcome::away("nacked by the broker (is the queue full?)"));
}

}  // namespace mombridge::amqp
