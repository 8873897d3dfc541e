#include "broker/amqp/consumer.hpp"

#include <utility>

#include "base/counters.hpp"
#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

std::string link_name(const Subscription& s) { return s.queue.empty() ? "exchange " + s.source : "queue " + s.queue; }

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

Consumer::Consumer(EventLoop& loop, const std::string& broker, const Settings& settings, size_t index,
                   const PublisherFirst& order, token::Source* tokens)
    : broker_(broker),
      settings_(settings),
      subscription_(settings.subscriptions[index]),
      loop_(loop),
      order_(order),
      queue_(subscription_),
      deliveries_(loop, settings.prefetch_count, settings.prefetch_size, broker, subscription_.source),
      connection_(loop, settings, link_name(subscription_), *this, {}, tokens),
      channel_(loop, connection_, {broker, settings, subscription_}, queue_, deliveries_.pool(), *this),
      supervisor_(loop, broker, link_name(subscription_),
                  Backoff(settings.reconnect_delay, settings.reconnect_delay_max), [this] { open(); }),
      give_back_(loop, settings.give_back_after, queue_.lifetime().needs_consumer(), *this),
      decoder_(broker, settings, index) {}

void Consumer::start(Sink& sink) {
  sink_ = &sink;
  supervisor_.start();
}

void Consumer::hand_to(Sink& sink, size_t index) {
  sink_ = &sink;
  decoder_.renumber(index);
}

void Consumer::stop_intake() {
  sink_ = nullptr;
  if (connection_.is_open()) channel_.cancel();
}

void Consumer::close_in_order(std::function<void()> done) {
  sink_ = nullptr;
  supervisor_.stop();
  take_settled();
  if (connection_.is_open()) channel_.flush_acks();
  on_closed_ = std::move(done);
  connection_.close_in_order();
}

void Consumer::close() {
  on_closed_ = nullptr;
  connection_.close();
}

bool Consumer::give_way() {
  if (!connection_.is_open() || give_back_.must_keep() || !sink_) return false;
  drop_channel({"gives way to the publisher, for which the broker allows no further connection"}, Duration::zero());
  return true;
}

void Consumer::token_changed() {
  connection_.renew_login();
  if (connection_.token_login().ready()) supervisor_.retry();
}

void Consumer::open() {
  // Two lots at most: with a new one at each reconnect, what waits here for a destination that is away would grow
  // without bound. A queue that needs its consumer is consumed from all the same, and read when there is room.
  if (deliveries_.in_flight().over_prefetch() && !give_back_.must_keep())
    return pause("what an earlier connection delivered is still on its way");
  if (connection_.is_open()) return opened();  // only its channel was closed
  if (order_.publisher_waits())
    return supervisor_.failed({"the broker allows no further connection, and the publisher's comes first"});
  connection_.open();
}

void Consumer::opened() {
  deliveries_.settlements().begin_epoch();
  channel_.lost();
  // While draining there is nothing to take any longer, and what was in flight has been given back.
  if (!sink_) return void(supervisor_.opened(connection_.endpoint() + ", draining"));
  channel_.open(deliveries_.settlements().epoch(), decoder_.may_count());
}

void Consumer::consuming() {
  has_queue_ = true;
  if (supervisor_.up()) return;
  give_back_.resumed();
  auto down = supervisor_.opened(connection_.endpoint() + ", " + connection_.agreed().server);
  if (auto lost = queue_.lost(); !lost.empty())
    log::warn("messages were missed",
              {{"broker", broker_},
               {"link", supervisor_.status().link},
               {"reason", lost},
               {"away_ms", std::chrono::duration_cast<std::chrono::milliseconds>(down).count()}});
  queue_.consuming();
  // A lot that an earlier connection brought is still here: this one's may come when that is less.
  if (deliveries_.in_flight().too_many()) connection_.pause_reading(true);
}

void Consumer::delivered(const Content& content) {
  auto& d = *content.delivery;
  // It is not acknowledged: the broker gives it back when the channel closes, which it is about to do. Handed out, it
  // would come a second time, and be taken for new both times.
  if (!sink_ || give_back_.is_paused()) return deliveries_.pool().recycle(d);
  bool counted = decoder_.decode(content);
  if (channel_.came_singly(counted)) consuming();
  deliveries_.hand_out(d, loop_.round_began());
  give_back_.watch();
  if (deliveries_.in_flight().full()) connection_.pause_reading(true);
  sink_->receive(DeliveryHandle(&d));
}

Duration Consumer::serve() {
  take_settled();
  Duration sleep = Duration::max();
  if (connection_.is_open()) sleep = channel_.serve(sink_ != nullptr);
  connection_.flush();
  sleep = std::min(sleep, deliveries_.pool().trim(loop_.round_began()));
  return deliveries_.settlements().empty() ? sleep : Duration::zero();
}

void Consumer::take_settled() {
  bool progress = false;
  deliveries_.take_settled(loop_.round_began(), [&](const AmqpDelivery& d) {
    progress |= d.settlement != Settlement::requeue;
    if (d.epoch == deliveries_.settlements().epoch() && connection_.is_open()) channel_.settled(d);
  });
  if (deliveries_.in_flight().has_room()) connection_.pause_reading(false);
  if (give_back_.is_paused() && sink_ && (progress || !deliveries_.in_flight().count())) resume();
}

void Consumer::closed(const Error& error) {
  auto& end = connection_.end();
  auto at_least = end.least_wait(settings_.reconnect_delay_max);
  auto why = error;
  if (end.because_of(AMQP_NOT_IMPLEMENTED, AMQP_BASIC_GET_METHOD)) {
    why = is_stream(error);
    at_least = settings_.reconnect_delay_max;
  } else if (end.blamed() && !supervisor_.up()) {
    // The broker takes offence at a declaration with the whole connection (540, 541).
    auto refusal = queue_.refused(end.code, error.text);
    why = refusal.error;
    if (refusal.lasting) at_least = settings_.reconnect_delay_max;
  }
  queue_.connection_ended();
  lost(why, at_least);
}

// The broker is told, or its log would speak of a connection that broke.
void Consumer::drop_channel(const Error& why, Duration at_least) {
  if (connection_.is_open()) connection_.close_in_order();
  connection_.close();
  queue_.connection_ended();
  lost(why, at_least);
}

// The channel is gone, and perhaps its connection.
void Consumer::lost(const Error& error, Duration at_least) {
  channel_.lost();
  if (subscription_.declare && subscription_.declare->exclusive && !connection_.is_open()) has_queue_ = false;
  if (give_back_.is_paused() && !on_closed_) return;
  // What is still in flight has been given back by the broker already.
  deliveries_.settlements().begin_epoch();
  deliveries_.settlements().outdate();
  if (on_closed_) return std::exchange(on_closed_, nullptr)();
  supervisor_.failed(error, at_least);
}

void Consumer::channel_closed(const amqp_channel_close_t& close) {
  auto words = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
  // The queue was looked for and is not there: the same again on a new channel, this time to make it.
  if (close.reply_code == AMQP_NOT_FOUND && queue_.make_it()) return open_channel_again();
  // Nobody may take single messages from a queue with a single active consumer.
  if (close.reply_code == AMQP_RESOURCE_LOCKED && method_of(close) == AMQP_BASIC_GET_METHOD) {
    channel_.begin_without_get();
    return open_channel_again();
  }
  // Taken again at once, they would only time out again, and each round counts against a quorum queue's limit.
  if (ack_timed_out(close) && !give_back_.must_keep() && waiting_since(Clock::now()) == GiveBack::Waiting::long_enough)
    return given_back("its destination has been away for longer than the broker waits (" + words + ")");
  QueueSetup::Refusal why{{words}};
  if (!supervisor_.up()) why = queue_.refused(close.reply_code, words);
  if (connection_.token_login().run_out(close.reply_code, words)) why = {{words + TokenLogin::kAskedFor}};
  if (close.reply_code == AMQP_NOT_FOUND && give_back_.is_resuming())
    why.error.text += "; it was there when its messages were given back: `give_back_after: 0` would keep the consumer";
  auto at_least = why.lasting ? settings_.reconnect_delay_max : Duration::zero();
  if (!queue_.kept_by_connection()) return drop_channel(why.error, at_least);
  // With the connection the queue would be deleted. The next attempt opens another channel on it.
  channel_.confirm_close();
  lost(why.error, at_least);
}

void Consumer::open_channel_again() {
  channel_.confirm_close();
  opened();
}

void Consumer::pause(const std::string& why) {
  give_back_.paused();
  deliveries_.settlements().begin_epoch();
  supervisor_.pause(why);
  if (connection_.is_open()) connection_.close_in_order();
}

void Consumer::resume() {
  give_back_.resumes();
  deliveries_.settlements().outdate();
  supervisor_.resume();
}

GiveBack::Waiting Consumer::waiting_since(TimePoint since) {
  if (!deliveries_.in_flight().count()) return GiveBack::Waiting::nothing;
  auto waits = [&](const AmqpDelivery& d) {
    return d.handed_out && d.epoch == deliveries_.settlements().epoch() && d.arrived < since && d.attachment &&
           d.attachment->away();
  };
  return sink_ && connection_.is_open() && deliveries_.pool().any_of(waits) ? GiveBack::Waiting::long_enough
                                                                            : GiveBack::Waiting::briefly;
}

// What is in flight goes on waiting here and does not become stale before one of them got through: that shows that the
// destination is back.
void Consumer::give_back() {
  take_settled();
  channel_.flush_acks();
  given_back("its destination has been away for long");
}

void Consumer::given_back(const std::string& why) {
  counter("given_back").add(deliveries_.in_flight().count());
  pause(why + ": " + std::to_string(deliveries_.in_flight().count()) + " messages were given back");
}

void Consumer::keep(const std::string& why) {
  log::warn(
      "messages wait here and are not given back",
      {{"broker", broker_},
       {"link", supervisor_.status().link},
       {"messages", deliveries_.in_flight().count()},
       {"reason", "their destination has been away for long, and " + why},
       {"note", "RabbitMQ ends a consumer that settles nothing for its consumer_timeout, 30 minutes by default"}});
}

}  // namespace mombridge::amqp
