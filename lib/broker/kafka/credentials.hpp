#pragma once
// The user name and password with which one client logs in.

#include <mutex>
#include <optional>
#include <string>

#include <librdkafka/rdkafka.h>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "broker/kafka/security.hpp"

namespace mombridge::kafka {

/// librdkafka keeps a password for the life of a client, and takes another one for its next logins. [any thread]
class Credentials {
 public:
  /// `sasl`: those of the section; absent: what `librdkafka:` says, which does not change.
  explicit Credentials(std::optional<Sasl> sasl) : sasl_(std::move(sasl)) {}

  /// The client exists, and has these credentials, which are empty where it logs in with none; it outlives the calls of
  /// what follows. Once.
  void use(rd_kafka_t* client, std::string username, Secret password);
  /// Reads the password again. Where it has changed, the client's next login takes the new one.
  void renew();
  /// Lets the client's threads look around once, which changes nothing else.
  void wake();

 private:
  std::optional<Sasl> sasl_;
  std::mutex mutex_;  ///< guards what follows, and keeps an older password from being given after a newer one
  rd_kafka_t* client_ = nullptr;
  std::string username_;
  Secret password_;
  log::Repeated log_;
};

}  // namespace mombridge::kafka
