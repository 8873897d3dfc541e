#pragma once
// Looks through a queue.

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/delivery_limit.hpp"
#include "broker/amqp/get_channel.hpp"
#include "broker/browser.hpp"

namespace mombridge::amqp {

/// BrokerKind::browse.
std::unique_ptr<Browser> browse(const config::BrokerSection& section, const BrowseOptions& options);

/// Takes message after message (basic.get) over a connection of its own, and gives all that was not removed back in the
/// end, to where it stood. A quorum queue counts that as a delivery of each; which of them it may
/// drop after this one, the messages say (StoredMessage::copy_to). The others do not count, and only note that the
/// message was delivered before.
class QueueBrowser final : public Browser, private ConnectionUser {
 public:
  /// `section` outlives this.
  QueueBrowser(const config::BrokerSection& section, const BrowseOptions& options);
  ~QueueBrowser() override;

  Result<> open() override;
  Result<std::unique_ptr<StoredMessage>> next() override;
  Result<> remove(const StoredMessage& stored) override;
  /// A quorum queue keeps what comes back in a line of its own, gives that out first, and puts what comes back again at
  /// its end. Source: rabbit_fifo's `returns`.
  [[nodiscard]] bool must_read_on() const override { return left_ && kept_ && came_back_; }
  Result<> end() override;

 private:
  using Reply = Result<GetChannel::Reply>;

  void opened() override;
  void closed(const Error& error) override;

  Result<> connect();
  /// All that was not removed, in its order.
  Result<> give_back();
  /// Does `what` on the loop's thread, and waits for the answer to it.
  template <class What>
  Reply ask(What what);
  void answered(Reply reply);
  void disconnect();

  const config::BrokerSection& section_;
  const Settings& settings_;
  const Subscription queue_;  ///< as one that reads it would be
  DeliveryLimit limit_;
  const PublishOptions copy_options_;
  std::shared_ptr<token::Source> tokens_;
  uint64_t left_ = 0;       ///< of those that stood there when it was opened
  uint64_t kept_ = 0;       ///< were read and not removed
  bool came_back_ = false;  ///< the last one had come back to its queue, which counts that
  EventLoop loop_;
  // For the loop's thread, from here on.
  std::optional<Connection> connection_;
  std::optional<GetChannel> channel_;
  std::string gone_;  ///< why there is no connection any more
  std::optional<std::promise<Reply>> asking_;
  std::optional<std::promise<void>> closing_;
};

}  // namespace mombridge::amqp
