#pragma once
// The brokers that dead letters are sent through.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "daemon/client_broker.hpp"
#include "routing/letter_round.hpp"

namespace mombridge {

/// Connects to each when it is needed first. For one thread.
class ConfiguredLetterBrokers final : public routing::LetterBrokers, private Sink {
 public:
  /// `exchange`: instead of each section's own, where nothing else says it. `config` outlives this.
  ConfiguredLetterBrokers(const config::Config& config, std::optional<std::string> exchange)
      : config_(config), exchange_(std::move(exchange)) {}
  ~ConfiguredLetterBrokers() override = default;

  Result<Broker*> connect(const std::string& name) override;
  void stop() override;

 private:
  void receive(DeliveryHandle) noexcept override {}

  const config::Config& config_;
  const std::optional<std::string> exchange_;
  bool stopped_ = false;
  std::map<std::string, std::unique_ptr<ClientBroker>> clients_;
};

}  // namespace mombridge
