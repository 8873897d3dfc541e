#pragma once
// Forwards requests with a return path, and hands their replies on to the requesters.

#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "config/config.hpp"
#include "message/message.hpp"
#include "reply/deadline.hpp"
#include "reply/return_path.hpp"

namespace mombridge::reply {

/// From where and to where a request is forwarded.
struct ForwardPath {
  const config::Route& route;
  const config::BrokerSection& origin;  ///< the broker that it came from
  const config::BrokerSection& via;     ///< the broker that it is forwarded to, which accepts replies
};

/// A request as it is forwarded. `message` views the request and the strings here; all are to be reused.
struct Forwarded {
  Message message;
  std::string sealed, deadline, expiration;
};

/// A reply as it is handed on: `message` with the requester's own correlation id, to `path.address` of `origin`.
struct Returned {
  Message message;
  ReturnPath path;
  std::optional<size_t> route;  ///< index into Config::routes
  const config::BrokerSection* origin = nullptr;
  std::string storage;
};

/// Immutable; everything may be called from any thread.
class Replier {
 public:
  /// `config` outlives this. Without configured keys all repliers of the process share a random one.
  explicit Replier(const config::Config& config);

  /// Whether the reply to this request, which came from `origin`, may go where the request says. The requester chooses
  /// the address, and the bridge may write where requesters may not. An address of the bridge's own is allowed only for
  /// a request that a bridge with these keys has forwarded to `origin`: then its correlation id can be opened.
  [[nodiscard]] bool allowed(const config::BrokerSection& origin, const Message& request) const;

  /// Fills `out` for a request with an allowed reply address. Fails where its return path does not fit.
  Result<> forward(const Message& request, const ForwardPath& path, const Deadline& deadline, TimePoint now,
                   Forwarded& out) const;

  /// Opens what came back through the reply queue or topic of `via`. `out` is filled for `none`; for `expired` its
  /// route is, where it is still configured.
  Fault open(const Message& reply, const config::BrokerSection& via, int64_t now_ms, Returned& out) const;

 private:
  std::unordered_map<RouteId, size_t> routes_;  ///< index into Config::routes
  std::unordered_map<BrokerId, const config::BrokerSection*> brokers_;
  Sealer sealer_;
};

}  // namespace mombridge::reply
