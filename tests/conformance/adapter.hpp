#pragma once
// What the suite must be told about a kind of broker. Everything else it knows from Broker alone; a new kind is one
// adapter and one line in adapter.cpp.

#include <memory>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "own_message.hpp"

namespace mombridge::conformance {

struct Capabilities {
  bool keeps = true;            ///< what was not settled is delivered again to the next Broker on that target
  bool remote = true;           ///< there is something that can be away
  bool can_cut = false;         ///< cut() breaks connections
  bool reject_refuses = false;  ///< a rejected delivery refuses its publication
  bool limits_body = true;      ///< Wish::small_limit can be had
};

struct Wish {
  std::string target;  ///< is subscribed to; empty: a broker that is only published to
  uint32_t prefetch = 1000;
  bool reachable = true;
  bool cuttable = false;     ///< goes through what cut() breaks
  bool small_limit = false;  ///< bodies of 100,000 bytes are too large
};

/// One per test. It outlives the brokers that it makes.
class Adapter {
 public:
  virtual ~Adapter() = default;
  /// Why the kind's tests are to be skipped; empty: they run.
  [[nodiscard]] virtual std::string unusable() const { return {}; }
  [[nodiscard]] virtual Capabilities capabilities() const = 0;
  /// A target that nobody else uses, and that exists once a broker subscribes to it at the latest.
  virtual std::string new_target(int partitions = 1) = 0;
  /// A target that does not exist and is not made by publishing to it, to a broker that subscribes to `subscribed`.
  virtual std::string missing_target() = 0;
  virtual std::unique_ptr<Broker> make(const Wish& wish) = 0;
  virtual void cut() {}
  /// What a message looks like after it went through this kind of broker: what it generates, drops and converts.
  [[nodiscard]] virtual OwnMessage as_received(OwnMessage sent, const OwnMessage& received) const = 0;
};

std::vector<std::string> kinds();
std::unique_ptr<Adapter> make_adapter(const std::string& kind);

/// A name that no other test, process or run uses.
std::string unique_name();

std::unique_ptr<Adapter> memory_adapter();
std::unique_ptr<Adapter> amqp_adapter();
std::unique_ptr<Adapter> amqps_adapter();
std::unique_ptr<Adapter> kafka_adapter();
/// Over TLS, with a login by SCRAM.
std::unique_ptr<Adapter> kafka_sasl_ssl_adapter();

}  // namespace mombridge::conformance
