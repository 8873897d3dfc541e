#include "broker/amqp/consumer.hpp"

#include <algorithm>
#include <utility>

#include "base/counters.hpp"
#include "base/failpoint.hpp"
#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

constexpr Duration kGather = std::chrono::milliseconds(200);  ///< the longest that an acknowledgement waits for others
constexpr size_t kKeepCapacity = 16 << 10;                    ///< a delivery that grew beyond it gives its memory back

std::string link_name(const Subscription& s, const config::Subscription& general) {
  return s.queue.empty() ? "exchange " + general.source : "queue " + s.queue;
}

amqp_method_number_t method_of(const amqp_channel_close_t& close) {
  return static_cast<amqp_method_number_t>(close.class_id) << 16 | close.method_id;
}

// Only a stream does not know basic.get. It keeps no place for an AMQP 0-9-1 consumer: each connect would begin at the
// next message, or at the first one again. So it is not read at all, rather than with gaps.
Error is_stream(const Error& broker) {
  return {
      "the queue is a stream: AMQP 0-9-1 keeps no place in it, so that each reconnect would miss messages or repeat "
      "all of them; bind a quorum queue to the same exchange and subscribe to that (" +
      broker.text + ")"};
}

// What consumer_timeout ends is the answer to no method. Source: RabbitMQ's rabbit_channel.erl, whose error names none.
bool ack_timed_out(const amqp_channel_close_t& close) {
  return close.reply_code == AMQP_PRECONDITION_FAILED && !close.class_id && !close.method_id;
}

}  // namespace

bool AmqpDelivery::stale() const noexcept { return epoch < owner_.live_epoch(); }

void AmqpDelivery::settle(Settlement s) noexcept {
  settlement = s;
  owner_.settled(*this);
}

Consumer::Consumer(EventLoop& loop, const std::string& broker, const Settings& settings, size_t index,
                   const PublisherFirst& order)
    : broker_(broker),
      settings_(settings),
      subscription_(settings.amqp_subscriptions[index]),
      index_(index),
      loop_(loop),
      connection_(loop_, settings, link_name(subscription_, settings.subscriptions[index]), *this),
      supervisor_(loop_, broker, link_name(subscription_, settings.subscriptions[index]),
                  Backoff(settings.reconnect_delay, settings.reconnect_delay_max), [this] { open(); }),
      order_(order),
      queue_(subscription_),
      give_back_(loop_, settings.give_back_after, queue_.lifetime().needs_consumer(), *this),
      limit_(broker_, subscription_, settings_) {}

void Consumer::start(Sink& sink) {
  sink_ = &sink;
  supervisor_.start();
}

void Consumer::stop_intake() {
  sink_ = nullptr;
  if (!connection_.is_open()) return;
  amqp_basic_cancel_t cancel{.consumer_tag = bytes("mombridge"), .nowait = 1};
  connection_.send(kChannel, AMQP_BASIC_CANCEL_METHOD, &cancel);
}

void Consumer::say_goodbye(std::function<void()> gone) {
  sink_ = nullptr;
  supervisor_.stop();
  take_settled();
  if (connection_.is_open()) flush_acks(true);
  on_closed_ = std::move(gone);
  connection_.say_goodbye();
}

void Consumer::close() {
  on_closed_ = nullptr;
  connection_.close();
}

void Consumer::settled(AmqpDelivery& delivery) noexcept {
  if (inbox_.push(&delivery)) loop_.wake();
}

void Consumer::closed(const Error& error) {
  auto at_least = connection_.end().least_wait();
  auto why = error;
  if (connection_.end().because_of(AMQP_NOT_IMPLEMENTED, AMQP_BASIC_GET_METHOD)) {
    why = is_stream(error);
    at_least = settings_.reconnect_delay_max;
  } else if (connection_.end().blamed() && !supervisor_.up()) {
    // The broker takes offence at a declaration with the whole connection (540, 541).
    auto refusal = queue_.refused(connection_.end().code, error.text);
    why = refusal.error;
    if (refusal.lasting) at_least = settings_.reconnect_delay_max;
  }
  queue_.connection_ended();
  lost(why, at_least);
}

// The channel is gone, and perhaps its connection.
void Consumer::lost(const Error& error, Duration at_least) {
  intake_.end();
  if (subscription_.declare && subscription_.declare->exclusive && !connection_.is_open()) has_queue_ = false;
  if (current_) recycle(*std::exchange(current_, nullptr));
  if (give_back_.is_left() && !on_closed_) return;
  live_epoch_ = ++epoch_;  // what is still in flight has been given back by the broker already
  if (on_closed_) return std::exchange(on_closed_, nullptr)();
  supervisor_.failed(error, at_least);
}

// The broker is told, or its log would speak of a connection that broke.
void Consumer::drop_channel(const Error& why, Duration at_least) {
  if (connection_.is_open()) connection_.say_goodbye();
  connection_.close();
  queue_.connection_ended();
  lost(why, at_least);
}

void Consumer::channel_closed(const amqp_channel_close_t& close) {
  auto words = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
  if (close.reply_code == AMQP_NOT_FOUND && queue_.make_it()) return declare_at_last();
  // Nobody may take single messages from a queue with a single active consumer.
  if (close.reply_code == AMQP_RESOURCE_LOCKED && method_of(close) == AMQP_BASIC_GET_METHOD) return begin_without_get();
  // Taken again at once, they would only time out again, and each round counts against a quorum queue's limit.
  if (ack_timed_out(close) && !give_back_.must_keep() && waiting_since(Clock::now()) == GiveBack::Waiting::long_enough)
    return given_back("its destination has been away for longer than the broker waits (" + words + ")");
  QueueSetup::Refusal why{{words}};
  if (!supervisor_.up()) why = queue_.refused(close.reply_code, words);
  if (close.reply_code == AMQP_NOT_FOUND && give_back_.is_returning())
    why.error.text += "; it was there when its messages were given back: `give_back_after: 0` would keep the consumer";
  auto at_least = why.lasting ? settings_.reconnect_delay_max : Duration::zero();
  if (!queue_.kept_by_connection()) return drop_channel(why.error, at_least);
  // With the connection the queue would be deleted. The next attempt opens another channel on it.
  amqp_channel_close_ok_t ok{};
  connection_.send(kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  lost(why.error, at_least);
}

void Consumer::method(amqp_method_number_t id, void* decoded, std::string_view arguments) {
  switch (id) {
    case AMQP_BASIC_DELIVER_METHOD:
      return deliver(arguments);
    case AMQP_BASIC_GET_OK_METHOD: {
      auto& got = *static_cast<amqp_basic_get_ok_t*>(decoded);
      return begin_delivery(got.delivery_tag, got.redelivered, view(got.routing_key));
    }
    case AMQP_BASIC_GET_EMPTY_METHOD:
      return intake_.empty();
    case AMQP_BASIC_CONSUME_OK_METHOD:
      return up();
    case AMQP_BASIC_CANCEL_METHOD:
      return drop_channel("the broker cancelled the subscription: was the queue deleted?");
    case AMQP_QUEUE_DECLARE_OK_METHOD:
      return queue_.declared(view(static_cast<amqp_queue_declare_ok_t*>(decoded)->queue));
    case AMQP_CHANNEL_CLOSE_METHOD:
      return channel_closed(*static_cast<amqp_channel_close_t*>(decoded));
    default:
      return;  // answers to what opened() sent
  }
}

// Messages come, or may come.
void Consumer::up() {
  has_queue_ = true;
  if (supervisor_.up()) return;
  give_back_.returned();
  auto down = supervisor_.opened(connection_.endpoint() + ", " + connection_.agreed().server);
  if (auto lost = queue_.lost(); !lost.empty())
    log::warn("messages were missed",
              {{"broker", broker_},
               {"link", supervisor_.status().link},
               {"reason", lost},
               {"away_ms", std::chrono::duration_cast<std::chrono::milliseconds>(down).count()}});
  queue_.consuming();
  // A lot that an earlier connection brought is still here: this one's may come when that is less.
  if (too_many()) connection_.pause_reading(true);
}

// basic.deliver: consumer-tag, delivery-tag, redelivered, exchange, routing-key.
void Consumer::deliver(std::string_view arguments) {
  Reader in(arguments);
  in.short_string();
  auto tag = in.number<uint64_t>();
  bool redelivered = in.octet() & 1;
  in.short_string();
  auto key = in.short_string();
  if (!in.ok()) return drop_channel("a delivery out of order");
  begin_delivery(tag, redelivered, key);
}

void Consumer::begin_delivery(uint64_t tag, bool redelivered, std::string_view key) {
  tracker_.delivered();
  if (current_ || tag != tracker_.last()) return drop_channel("a delivery out of order");
  redelivered_ = redelivered;
  current_ = &new_delivery();
  current_->tag = tag;
  current_->epoch = epoch_;
  current_->bytes.append(key);
  target_size_ = key.size();
  body_size_ = body_left_ = 0;
}

void Consumer::content_header(uint64_t body_size, std::string_view properties) {
  constexpr uint64_t kAbsurd = 1ull << 32;
  if (!current_ || body_size > kAbsurd) return drop_channel("a content header out of order");
  current_->bytes.reserve(target_size_ + properties.size() + body_size);
  current_->bytes.append(properties);
  properties_size_ = properties.size();
  body_size_ = body_left_ = body_size;
  if (!body_left_) dispatch();
}

void Consumer::content_body(std::string_view part) {
  if (!current_ || part.size() > body_left_) return drop_channel("a content body out of order");
  current_->bytes.append(part);
  body_left_ -= part.size();
  if (!body_left_) dispatch();
}

void Consumer::dispatch() {
  auto& d = *std::exchange(current_, nullptr);
  if (!sink_) return recycle(d);  // not acknowledged: given back when the channel closes
  std::string_view all = d.bytes.view();
  auto& m = d.message;
  m = {};
  m.target = all.substr(0, target_size_);
  m.body = all.substr(target_size_ + properties_size_);
  m.redelivered = redelivered_;
  unsigned dropped = 0;
  auto& subscription = settings_.subscriptions[index_];
  QueueNotes notes;
  if (!decode_properties(all.substr(target_size_, properties_size_), m, d.storage, dropped,
                         {subscription.restore, subscription.replies}, &notes) ||
      dropped) {
    counter("headers_dropped").add(std::max(dropped, 1u));
    dropped_log_.event(log::Level::warn,
                       "headers dropped: malformed, nested too deep, or of a name that only bridges write",
                       {{"broker", broker_}, {"target", m.target}, {"headers", dropped}});
  }
  if (notes.any()) [[unlikely]]
    d.deliveries_left = limit_.look(notes, m);
  if (intake_.asked()) came_singly(redelivered_ && notes.delivery_count);
  if (auto& from = subscription.target_from; !from.empty())
    if (auto* value = m.find(from); value && value->is_text()) m.target = value->text;
  d.subscription = static_cast<uint32_t>(index_);
  d.arrived = loop_.round_began();
  d.handed_out = true;
  ++in_flight_;
  d.footprint = d.bytes.size() + d.storage.footprint();
  in_flight_bytes_ += d.footprint;
  give_back_.watch();
  if (in_flight_bytes_ > settings_.prefetch_size || too_many()) connection_.pause_reading(true);
  if (failpoint("early_ack")) tracker_.accepted(d.tag);
  sink_->receive(DeliveryHandle(&d));
}

Duration Consumer::serve() {
  take_settled();
  Duration sleep = Duration::max();
  if (connection_.is_open()) {
    flush_acks(intake_.careful());
    sleep = ask();
    connection_.flush();
  }
  return inbox_.empty() ? sleep : Duration::zero();
}

// How long there is nothing else to ask for. While draining nothing is taken any longer.
Duration Consumer::ask() {
  if (!sink_) return Duration::max();
  auto now = loop_.round_began();
  auto next = intake_.next(now);
  for (; next == CautiousIntake::Next::get; next = intake_.next(now)) get();
  if (next == CautiousIntake::Next::consume) consume();
  auto due = intake_.due();
  return due == TimePoint::max() ? Duration::max() : std::max(due - now, Duration::zero());
}

void Consumer::came_singly(bool counted) {
  if (counted) {
    static Counter& taken = counter("redelivered_taken_singly");
    taken.add();
    singly_log_.event(log::Level::info, "messages that were delivered before are taken one at a time",
                      {{"broker", broker_}, {"queue", subscription_.queue}});
    up();
  }
  intake_.got(counted);
}

void Consumer::take_settled() {
  bool progress = false;
  for (auto* item : inbox_.take()) {
    auto& d = *item;
    in_flight_bytes_ -= d.footprint;
    --in_flight_;
    pace_.took(loop_.round_began() - d.arrived);
    d.handed_out = false;
    progress |= d.settlement != Settlement::requeue;
    if (d.epoch == epoch_ && connection_.is_open()) {
      tell_broker(d);
      intake_.settled();
    }
    recycle(d);
  }
  if (in_flight_bytes_ <= settings_.prefetch_size / 2 && in_flight_ <= settings_.prefetch_count)
    connection_.pause_reading(false);
  if (give_back_.is_left() && sink_ && (progress || !in_flight_)) resume();
}

void Consumer::tell_broker(const AmqpDelivery& d) {
  if (d.settlement == Settlement::accept) {
    if (!failpoint("early_ack")) tracker_.accepted(d.tag);
    return;
  }
  amqp_basic_nack_t nack{.delivery_tag = d.tag, .multiple = 0, .requeue = d.settlement == Settlement::requeue};
  connection_.send(kChannel, AMQP_BASIC_NACK_METHOD, &nack);
  tracker_.nacked(d.tag);
}

void Consumer::flush_acks(bool all) {
  tracker_.flush(
      settings_.prefetch_count / 2, all, [this](uint64_t tag) { send_ack(tag, true); },
      [this](uint64_t tag) { send_ack(tag, false); });
  // One that stays open for long (its destination is away) must not keep the others unacknowledged: they would come
  // again after a crash, and take up the prefetch.
  if (!tracker_.gathered() || stragglers_) return;
  stragglers_ = loop_.after(kGather, [this] {
    stragglers_ = 0;
    if (connection_.is_open()) flush_acks(true);
  });
}

void Consumer::send_ack(uint64_t tag, bool multiple) {
  Writer writer(connection_.out());
  writer.frame(AMQP_FRAME_METHOD, kChannel, sizeof(uint32_t) + sizeof tag + 1);
  writer.number(static_cast<uint32_t>(AMQP_BASIC_ACK_METHOD));
  writer.number(tag);
  writer.octet(multiple);
  writer.octet(AMQP_FRAME_END);
}

void Consumer::open() {
  // Two lots at most: with a new one at each reconnect, what waits here for a destination that is away would grow
  // without bound. A queue that needs its consumer is consumed from all the same, and read when there is room.
  if (in_flight_ > settings_.prefetch_count && !give_back_.must_keep())
    return pause("what an earlier connection delivered is still on its way");
  if (connection_.is_open()) return opened();  // only its channel was closed
  if (order_.publisher_waits())
    return supervisor_.failed({"the broker allows no further connection, and the publisher's comes first"});
  connection_.open();
}

void Consumer::pause(const std::string& why) {
  give_back_.left();
  ++epoch_;
  supervisor_.pause(why);
  if (connection_.is_open()) connection_.say_goodbye();
}

void Consumer::resume() {
  give_back_.returns();
  live_epoch_ = epoch_;
  supervisor_.resume();
}

bool Consumer::give_way() {
  if (!connection_.is_open() || give_back_.must_keep() || !sink_) return false;
  drop_channel({"gives way to the publisher, for which the broker allows no further connection"}, Duration::zero());
  return true;
}

GiveBack::Waiting Consumer::waiting_since(TimePoint since) {
  if (!in_flight_) return GiveBack::Waiting::nothing;
  auto waits = [&](AmqpDelivery& d) {
    return d.handed_out && d.epoch == epoch_ && d.arrived < since && d.attachment && d.attachment->away();
  };
  return sink_ && connection_.is_open() && std::ranges::any_of(deliveries_, waits) ? GiveBack::Waiting::long_enough
                                                                                   : GiveBack::Waiting::briefly;
}

// What is in flight goes on waiting here and does not become stale before one of them got through: that shows that the
// destination is back.
void Consumer::give_back() {
  take_settled();
  flush_acks(true);
  given_back("its destination has been away for long");
}

void Consumer::given_back(const std::string& why) {
  counter("given_back").add(in_flight_);
  pause(why + ": " + std::to_string(in_flight_) + " messages were given back");
}

void Consumer::keep(const std::string& why) {
  log::warn(
      "messages wait here and are not given back",
      {{"broker", broker_},
       {"link", supervisor_.status().link},
       {"messages", in_flight_},
       {"reason", "their destination has been away for long, and " + why},
       {"note", "RabbitMQ ends a consumer that settles nothing for its consumer_timeout, 30 minutes by default"}});
}

AmqpDelivery& Consumer::new_delivery() {
  if (free_.empty()) return deliveries_.emplace_back(*this);
  auto& d = *free_.back();
  free_.pop_back();
  return d;
}

void Consumer::recycle(AmqpDelivery& d) {
  d.bytes.clear(kKeepCapacity);
  d.storage.clear();
  if (d.deliveries_left) d.deliveries_left.reset();
  free_.push_back(&d);
}

}  // namespace mombridge::amqp
