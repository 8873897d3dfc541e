#pragma once
// One subscription: a connection of its own, so that it can stop reading without stopping others (RabbitMQ ignores
// prefetch_size, and a byte bound can only be kept by not reading).

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "base/pace.hpp"
#include "broker/amqp/ack_tracker.hpp"
#include "broker/amqp/cautious_intake.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/delivery_limit.hpp"
#include "broker/amqp/give_back.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/publisher_first.hpp"
#include "broker/amqp/queue_setup.hpp"
#include "broker/supervisor.hpp"
#include "message/delivery.hpp"

namespace mombridge::amqp {

class Consumer;

class AmqpDelivery final : public Delivery {
 public:
  explicit AmqpDelivery(Consumer& owner) : owner_(owner) {}
  void settle(Settlement s) noexcept override;
  [[nodiscard]] bool stale() const noexcept override;

  uint64_t tag = 0, epoch = 0;
  TimePoint arrived;
  size_t footprint = 0;     ///< what it counts against prefetch_size
  bool handed_out = false;  ///< to the sink, and not back yet
  Settlement settlement = Settlement::accept;
  Buffer bytes;  ///< routing key, properties and body, one after the other
  DecodedHeaders storage;

 private:
  Consumer& owner_;
};

class Consumer final : private ConnectionUser, private ChannelUser, private GiveBack::User {
 public:
  /// `index` of the subscription in the settings. All references outlive this.
  Consumer(EventLoop& loop, const std::string& broker, const Settings& settings, size_t index,
           const PublisherFirst& order);

  /// [loop] Deliveries go to `sink` until stop_intake() or say_goodbye().
  void start(Sink& sink);
  void stop_intake();
  /// [loop] As Publisher's.
  Duration serve();
  [[nodiscard]] Duration rest() const { return pace_.rest(in_flight_); }
  void say_goodbye(std::function<void()> gone);
  void close();
  /// Closes its connection, where that costs no messages, so that the publisher may have it. Returns whether it did.
  bool give_way();

  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  /// [any thread] The queue exists: since the first time it was consumed from, or where it is a private one, now.
  [[nodiscard]] bool has_queue() const noexcept { return has_queue_.load(std::memory_order_relaxed); }
  /// [any thread] A delivery was settled.
  void settled(AmqpDelivery& delivery) noexcept;
  /// [any thread] Deliveries of earlier epochs are stale.
  [[nodiscard]] uint64_t live_epoch() const noexcept { return live_epoch_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint16_t kChannel = 1;

  void opened() override;
  void closed(const Error& error) override;
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t body_size, std::string_view properties) override;
  void content_body(std::string_view part) override;

  GiveBack::Waiting waiting_since(TimePoint since) override;
  void give_back() override;
  void given_back(const std::string& why);
  void keep(const std::string& why) override;

  void open();
  void pause(const std::string& why);
  void resume();
  void up();
  void declare_at_last();
  Duration ask();
  void came_singly(bool counted);
  void get();
  void consume();
  void deliver(std::string_view arguments);
  void begin_delivery(uint64_t tag, bool redelivered, std::string_view key);
  void dispatch();
  void take_settled();
  void tell_broker(const AmqpDelivery& delivery);
  void flush_acks(bool all);
  void send_ack(uint64_t tag, bool multiple);
  void drop_channel(const std::string& why) { drop_channel(Error{why}, Duration::zero()); }
  void drop_channel(const Error& why, Duration at_least);
  void channel_closed(const amqp_channel_close_t& close);
  void begin_without_get();
  void lost(const Error& error, Duration at_least);
  [[nodiscard]] bool too_many() const { return in_flight_ >= 2 * uint64_t{settings_.prefetch_count}; }
  AmqpDelivery& new_delivery();
  void recycle(AmqpDelivery& delivery);

  const std::string broker_;
  const Settings& settings_;
  const Subscription& subscription_;
  const size_t index_;
  EventLoop& loop_;
  Connection connection_;
  Supervisor supervisor_;
  const PublisherFirst& order_;
  QueueSetup queue_;
  GiveBack give_back_;
  Sink* sink_ = nullptr;  ///< null: no deliveries now
  Inbox<AmqpDelivery> inbox_;
  AckTracker tracker_;
  CautiousIntake intake_;
  DeliveryLimit limit_;
  uint64_t epoch_ = 0;  ///< of the channel
  std::atomic<uint64_t> live_epoch_{0};
  std::deque<AmqpDelivery> deliveries_;
  std::vector<AmqpDelivery*> free_;
  AmqpDelivery* current_ = nullptr;  ///< its content is on its way
  uint64_t body_left_ = 0, body_size_ = 0;
  size_t target_size_ = 0, properties_size_ = 0;
  bool redelivered_ = false;
  uint64_t in_flight_ = 0, in_flight_bytes_ = 0;  ///< handed out, those of earlier epochs included
  Pace pace_;
  EventLoop::TimerId stragglers_ = 0;  ///< runs while acknowledgements gather above one that is open
  std::atomic<bool> has_queue_{false};
  std::function<void()> on_closed_;
  log::Repeated dropped_log_, singly_log_;
};

}  // namespace mombridge::amqp
