#pragma once
// Takes single messages from a queue and keeps them unacknowledged: a channel that is asked one thing after the other.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "broker/amqp/connection.hpp"
#include "broker/amqp/content_reader.hpp"

namespace mombridge::amqp {

/// Belongs to the loop's thread, where nothing else is said.
class GetChannel final : private ChannelUser {
 public:
  /// What the broker said.
  struct Reply {
    uint64_t ready = 0;                 ///< to open() and look_up(): messages that stand in the queue
    std::unique_ptr<AmqpDelivery> got;  ///< to get(); null: the queue is empty. Its `bytes` are what `content` views
    Content content{};                  ///< of `got`
  };
  /// Hears the answer to each call that awaits one. After an error the channel is of no use any more.
  using Answered = std::function<void(Result<Reply> reply)>;

  /// `loop` and `connection` outlive this.
  GetChannel(EventLoop& loop, Connection& connection, std::string queue, Answered answered);

  /// The connection is open. Looks the queue up.
  void open();
  void get();
  /// Acknowledges one message. There is no answer.
  void acknowledge(uint64_t tag);
  /// Messages that were not acknowledged.
  [[nodiscard]] size_t open_count() const { return open_.size(); }
  /// Gives back so many of them at most, the oldest first. The answer is look_up()'s. A quorum queue keeps the order of
  /// those that come back together only where they are few. Source: rabbit_fifo:return/5 of RabbitMQ 3.10, and maps of
  /// more than 32 keys.
  void give_back();
  static constexpr size_t kGivenBack = 32;
  /// How many stand in the queue.
  void look_up();
  /// The answer comes when the broker has seen all that was sent before.
  void close();
  /// [any thread] Changes while an answer arrives.
  [[nodiscard]] uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint16_t kNumber = 1;
  static constexpr uint64_t kReserved = 64ull << 20;

  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t body_size, std::string_view properties) override;
  void content_body(std::string_view part) override;
  std::span<char> content_room(size_t size) override { return content_.room(size); }
  void content(const Result<bool>& whole);
  void refused(const amqp_channel_close_t& close);

  Connection& connection_;
  const std::string queue_;
  const Answered answered_;
  Settlements settlements_;  ///< a delivery must have one; nothing is settled through it
  ContentReader content_{kReserved};
  std::unique_ptr<AmqpDelivery> getting_;
  std::set<uint64_t> open_;  ///< tags
  std::atomic<uint64_t> progress_{0};
};

}  // namespace mombridge::amqp
