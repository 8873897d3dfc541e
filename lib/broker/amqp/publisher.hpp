#pragma once
// The connection that publishes.

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "broker/amqp/connection.hpp"
#include "broker/amqp/publish_channel.hpp"
#include "broker/amqp/publish_queue.hpp"
#include "broker/amqp/publisher_first.hpp"
#include "broker/amqp/side_channel.hpp"
#include "broker/supervisor.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// Keeps the connection and its channels open, declares the bridge's own queues, and decides what the end of a channel
/// or a connection means for what was published on it.
class Publisher final : private ConnectionUser, private PublishChannel::User {
 public:
  /// `loop`, `settings` and `order`, which is told of each attempt, outlive this.
  /// `tokens` as Connection's.
  Publisher(EventLoop& loop, const std::string& broker, const Settings& settings, PublisherFirst& order,
            token::Source* tokens = nullptr);

  /// [loop]
  void start() { supervisor_.start(); }
  /// [loop] Before each of its sleeps: writes what was gathered, and returns how long the sleep may last at most.
  Duration serve();
  /// [loop] How long it may rest between two rounds; Duration::max() where nothing is under way.
  [[nodiscard]] Duration rest() const {
    return can_write_on() ? Duration::zero() : std::min(channel_.window().rest(), large_.window().rest());
  }
  /// [loop] Writes its last; `done` is called once the broker has answered, or at once where there is no connection.
  void close_in_order(std::function<void()> done);
  /// [loop] Drops the connection at once.
  void close();
  /// [loop] There is another token, or one that the broker refused was looked for anew.
  void token_changed();

  /// Of a queue: nothing where the broker does not show it.
  using Counted = std::function<void(const std::string& queue, std::optional<uint64_t> messages)>;
  /// [before start()] Hears the answers to count().
  void on_counted(Counted counted) { counted_ = std::move(counted); }
  /// [loop] Asks how many messages are ready in a queue; the answer comes unless the connection ends before. Returns
  /// false if it cannot be asked: the connection is not up, or allows too few channels.
  [[nodiscard]] bool count(const std::string& queue);
  /// [loop] Returns true while an answer to count() is outstanding.
  [[nodiscard]] bool counting() const { return !counts_.idle(); }

  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept {
    if (!publication.options) publication.options = &settings_.publishes;
    queue_.publish(publication);
  }
  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  [[nodiscard]] bool up() const noexcept { return supervisor_.up(); }
  /// [any thread, once the loop has ended] Completes what is still here as `away`.
  void give_back() { queue_.give_back(); }

 private:
  static constexpr uint16_t kChannel = 1, kSideChannel = 2, kCountChannel = 3, kLargeChannel = 4;

  void opened() override;
  void closed(const Error& error) override;
  void blocked(const std::string& reason) override;
  void unblocked() override;

  void channel_ready(PublishChannel& channel) override;
  void publication_settled(PublishChannel& channel, const Publication& publication) override {
    queue_.settled(channel, publication);
  }
  void channel_closed(PublishChannel& channel, const std::string& why) override;
  void channel_left(PublishChannel& channel) override { &channel == &channel_ ? open_channel() : channel.open(); }
  void channel_broken(const std::string& why) override;

  [[nodiscard]] bool can_write_on() const { return channel_.can_write_on() || large_.can_write_on(); }
  [[nodiscard]] PublishLimits limits() const { return {connection_.agreed().frame_max, max_message_size_}; }
  [[nodiscard]] bool one_channel() const { return connection_.agreed().channel_max < kSideChannel; }
  void declare_own_queues();
  void open_channel();
  bool login_run_out(const std::string& why);
  void answered(const Question& question, bool yes, const std::string& why);
  void counted(const Question& question, bool yes, const std::string& why);

  const std::string broker_;
  const Settings& settings_;
  Connection connection_;
  Supervisor supervisor_;
  PublisherFirst& order_;
  SideChannel side_;
  SideChannel counts_;  ///< another one, so that no publication waits for what is only shown
  PublishChannel channel_;
  PublishChannel large_;  ///< opened when the first large body comes
  PublishQueue queue_;
  std::set<std::string> not_declared_;  ///< queues of the bridge's own whose declaration cost the connection
  uint64_t max_message_size_ = 0;       ///< as configured, or by the broker's version, or as learned on this connection
  std::function<void()> on_closed_;
  Counted counted_;
};

}  // namespace mombridge::amqp
