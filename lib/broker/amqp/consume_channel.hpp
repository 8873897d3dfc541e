#pragma once
// The channel of a subscription: asks for its queue and its messages, puts deliveries together, acknowledges them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "broker/amqp/acks.hpp"
#include "broker/amqp/cautious_intake.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/content_reader.hpp"
#include "broker/amqp/delivery_pool.hpp"
#include "broker/amqp/queue_setup.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// Lives through any number of channels, one at a time, on one connection after the other. Belongs to the loop's
/// thread.
class ConsumeChannel final : private ChannelUser {
 public:
  static constexpr uint16_t kNumber = 1;

  /// All calls come on the loop's thread. Each may close the connection or open the channel again.
  class User {
   public:
    /// Messages come from now on.
    virtual void consuming() = 0;
    /// A message is whole. The delivery belongs to the user, until it is settled here or recycled.
    virtual void delivered(const Content& content) = 0;
    /// The broker has closed the channel.
    virtual void channel_closed(const amqp_channel_close_t& close) = 0;
    /// The connection is of no further use.
    virtual void channel_broken(const std::string& why) = 0;

   protected:
    ~User() = default;
  };

  /// Whose channel it is. All of them outlive it.
  struct Whose {
    const std::string& broker;  ///< its name, for logs
    const Settings& settings;
    const Subscription& subscription;
  };
  /// `queue`: of the subscription. All references outlive this.
  ConsumeChannel(EventLoop& loop, Connection& connection, const Whose& whose, QueueSetup& queue, DeliveryPool& pool,
                 User& user);

  /// Asks for a channel and for the queue, on a connection that is open. `careful`: the queue may be one that counts
  /// deliveries. What comes belongs to `epoch`.
  void open(uint64_t epoch, bool careful);
  /// Answers the broker that has closed the channel.
  void confirm_close();
  /// The queue lets nobody take single messages: the next channel begins without.
  void begin_without_get() { intake_.refused(); }
  /// The channel is gone, and perhaps its connection: what has not come whole will not.
  void lost();
  /// Asks for no further messages.
  void cancel();

  /// Before each sleep of the loop: acknowledges, and with `taking` asks for messages. Returns how long that may last
  /// at most.
  Duration serve(bool taking);
  /// Acknowledges all that was settled.
  void flush_acks() { acks_.flush(true); }
  /// The content that came now, while a single message was asked for, is that message; `counted`: it was delivered
  /// before, and its queue counts that. Returns true if messages are taken singly because of it.
  bool came_singly(bool counted);
  /// A delivery of the present channel was settled.
  void settled(const AmqpDelivery& delivery);

 private:
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t body_size, std::string_view properties) override;
  void content_body(std::string_view part) override;
  std::span<char> content_room(size_t size) override { return content_.room(size); }

  void get();
  void consume();
  void limit_prefetch(uint64_t messages);
  void deliver(std::string_view arguments);
  void begin_delivery(uint64_t tag, bool redelivered, std::string_view key);
  void content(const Result<bool>& whole);

  EventLoop& loop_;
  Connection& connection_;
  const Whose whose_;
  QueueSetup& queue_;
  DeliveryPool& pool_;
  User& user_;
  Acks acks_;
  CautiousIntake intake_;
  ContentReader content_;
  uint64_t epoch_ = 0;
  log::Repeated singly_log_;
};

}  // namespace mombridge::amqp
