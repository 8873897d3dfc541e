#pragma once
// A broker of the configuration as one of its other clients would use it: nothing is subscribed to but replies.

#include <memory>

#include "base/result.hpp"
#include "broker/broker.hpp"
#include "config/kind_reader.hpp"

namespace mombridge {

/// Lives on one thread; the broker's own threads call back. Its kind has client_settings.
class ClientBroker {
 public:
  /// Begins to connect. `sink` outlives this.
  ClientBroker(const config::BrokerSection& section, const config::ClientOptions& options, Sink& sink);
  ~ClientBroker() { stop(); }
  ClientBroker(const ClientBroker&) = delete;
  ClientBroker& operator=(const ClientBroker&) = delete;

  /// Waits until all that the client asked for is there, because a reply must not come before somebody listens. The
  /// error says what is not.
  Result<> connect(Duration patience);
  /// What is not confirmed is given up.
  void stop();

  [[nodiscard]] Broker& broker() { return *broker_; }
  [[nodiscard]] const config::BrokerSettings& settings() const { return *section_.settings; }

 private:
  [[nodiscard]] std::string why_not() const;

  config::BrokerSection section_;
  std::unique_ptr<Broker> broker_;
  bool stopped_ = false;
};

}  // namespace mombridge
