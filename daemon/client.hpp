#pragma once
// `publish` and `request`: one message through a connection of the configuration, as its broker's other clients would
// send it. Nothing of the bridge runs meanwhile: no routes, no subscriptions of the file.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "broker/broker.hpp"
#include "daemon/client_broker.hpp"
#include "daemon/options.hpp"

namespace mombridge {

/// What came back.
struct Answer {
  std::string body, error;  ///< `error`: of a bridge that could not deliver the request; empty: none
  std::vector<std::pair<std::string, std::string>> headers;  ///< the reply's properties and headers, as text
  Duration round_trip{};
};

/// Lives on one thread; the broker's own threads call back.
class OneShot final : private Publication, private Sink {
 public:
  /// `reply_to`: an address of its own that replies come back to; empty: none are wanted. `exchange`: instead of the
  /// section's, where the broker has exchanges.
  OneShot(const config::BrokerSection& section, const std::string& reply_to,
          const std::optional<std::string>& exchange);

  /// Sends the message and waits for the broker's confirm. `command` has a body, and outlives this.
  Result<> publish(const Options& command, Duration patience);
  /// The same, and waits for the reply; nothing where it does not come within `patience`.
  Result<std::optional<Answer>> request(const Options& command, Duration patience);

 private:
  void completed(Outcome outcome) noexcept override;
  void receive(DeliveryHandle delivery) noexcept override;

  void fill(const Options& command, Duration patience);
  Result<> wait_sent(TimePoint end);

  std::string reply_to_, id_, expiration_;
  std::vector<Header> headers_;
  Message message_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Outcome> outcome_;
  std::optional<Answer> answer_;
  ClientBroker client_;  ///< the last: its threads use the rest
};

}  // namespace mombridge
