#pragma once
// How one client gets its tokens (OAUTHBEARER).

#include <memory>
#include <mutex>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "base/clock.hpp"
#include "broker/kafka/client_sockets.hpp"
#include "token/source.hpp"

namespace mombridge::kafka {

/// Gives a client the present token, and each later one. librdkafka 2.0.2 logs in with it when it makes a connection;
/// on one that it has it does not log in again (KIP-368 came with 2.2): a broker that wants that closes the connection,
/// and the client makes another one. [any thread]
class TokenFeed {
 public:
  /// `source`: null where the section has no `token:`; then nothing happens here. `sockets` are the client's, and
  /// outlive this.
  TokenFeed(std::shared_ptr<token::Source> source, ClientSockets& sockets)
      : source_(std::move(source)), sockets_(sockets) {}

  /// The section has tokens.
  [[nodiscard]] bool has_source() const { return source_ != nullptr; }
  /// The client exists, until end().
  void begin(rd_kafka_t* client);
  /// The client gets nothing more: no call is under way or comes afterwards. Before it ends; again does nothing.
  void end() noexcept;

  /// The cluster did not let the client in: a newer token is asked for, unless this one is fresh.
  void login_refused();
  /// The cluster forbids something. Returns true if that may be because of the login's age, which is no fault of any
  /// message's: then a newer token has been asked for, and when it is there the client connects anew with it. What is
  /// forbidden to a login with a fresh token is forbidden.
  bool run_out();

 private:
  void give();

  const std::shared_ptr<token::Source> source_;
  ClientSockets& sockets_;
  std::mutex mutex_;  ///< guards what follows, but for the watch
  rd_kafka_t* client_ = nullptr;
  uint64_t number_ = 0;          ///< of the token that the client has
  TimePoint fresh_until_{};      ///< of that token
  bool run_out_ = false;         ///< connections that were made with it must go when there is a newer one
  TimePoint logged_in_until_{};  ///< until then the client's logins are fresh
  token::Source::Watch watch_;
};

}  // namespace mombridge::kafka
