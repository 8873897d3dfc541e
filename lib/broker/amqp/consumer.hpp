#pragma once
// One subscription: a connection of its own, so that it can stop reading without stopping others (RabbitMQ ignores
// prefetch_size, and a byte bound can only be kept by not reading).

#include <atomic>
#include <functional>
#include <string>

#include "broker/amqp/connection.hpp"
#include "broker/amqp/consume_channel.hpp"
#include "broker/amqp/deliveries.hpp"
#include "broker/amqp/delivery_decoder.hpp"
#include "broker/amqp/give_back.hpp"
#include "broker/amqp/publisher_first.hpp"
#include "broker/amqp/queue_setup.hpp"
#include "broker/supervisor.hpp"
#include "message/delivery.hpp"

namespace mombridge::amqp {

/// Keeps the connection and its channel open, hands deliveries to the sink, and decides what the end of a channel or a
/// connection means for what is in flight.
class Consumer final : private ConnectionUser, private ConsumeChannel::User, private GiveBack::User {
 public:
  /// `index` of the subscription in the settings. All references outlive this. `tokens` as Connection's.
  Consumer(EventLoop& loop, const std::string& broker, const Settings& settings, size_t index,
           const PublisherFirst& order, token::Source* tokens = nullptr);

  /// [loop] Deliveries go to `sink` until stop_intake() or close_in_order().
  void start(Sink& sink);
  void stop_intake();
  /// [loop] After start(): what is delivered from now on goes to `sink`, with this number of its subscription.
  void hand_to(Sink& sink, size_t index);
  /// [loop] Nothing is in flight.
  [[nodiscard]] bool idle() const { return !deliveries_.in_flight().count(); }
  /// [loop] As Publisher's.
  Duration serve();
  [[nodiscard]] Duration rest() const { return connection_.has_more() ? Duration::zero() : deliveries_.rest(); }
  void close_in_order(std::function<void()> done);
  void close();
  /// Closes its connection, where that costs no messages, so that the publisher may have it. Returns whether it did.
  bool give_way();
  /// [loop] As Publisher's.
  void token_changed();

  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  /// [any thread] The queue exists: since the first time it was consumed from, or where it is a private one, now.
  [[nodiscard]] bool has_queue() const noexcept { return has_queue_.load(std::memory_order_relaxed); }

 private:
  void opened() override;
  void closed(const Error& error) override;

  void consuming() override;
  void delivered(const Content& content) override;
  void channel_closed(const amqp_channel_close_t& close) override;
  void channel_broken(const std::string& why) override { drop_channel({why}, Duration::zero()); }

  GiveBack::Waiting waiting_since(TimePoint since) override;
  void give_back() override;
  void keep(const std::string& why) override;

  void open();
  void open_channel_again();
  void drop_channel(const Error& why, Duration at_least);
  void lost(const Error& error, Duration at_least);
  void given_back(const std::string& why);
  void pause(const std::string& why);
  void resume();
  void take_settled();

  const std::string broker_;
  const Settings& settings_;
  const Subscription& subscription_;
  EventLoop& loop_;
  const PublisherFirst& order_;
  QueueSetup queue_;
  Deliveries deliveries_;
  Connection connection_;
  ConsumeChannel channel_;
  Supervisor supervisor_;
  GiveBack give_back_;
  DeliveryDecoder decoder_;
  Sink* sink_ = nullptr;  ///< null: no deliveries now
  std::atomic<bool> has_queue_{false};
  std::function<void()> on_closed_;
};

}  // namespace mombridge::amqp
