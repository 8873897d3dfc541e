#pragma once
// Where a message can go: the interface of all kinds of destinations, and how a kind is found and compiled. A new kind
// is one file pair and one line in daemon/builtin.cpp.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "reply/replier.hpp"
#include "routing/endpoint.hpp"
#include "routing/hops.hpp"
#include "routing/outgoing.hpp"

namespace mombridge::routing {

/// How a request that is sent to a destination is answered.
enum class Answers : uint8_t {
  no,
  itself,  ///< what it returns through finished() is the reply
  afar,    ///< its reply comes back through a broker, by the return path that the request carries
};

/// Why a destination does not take a message, which would be the same the next time.
struct Refusal {
  std::string_view code;  ///< for programs, a literal
  std::string reason;     ///< for people
};

/// Compiled with the route table: immutable and shared by all threads. Everything may be called from any thread.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  /// Fills `out` in for what it carries.
  [[nodiscard]] virtual std::optional<Refusal> prepare(Outgoing& out) const = 0;
  /// Sends what prepare() has filled in. Never blocks. Ends with one call of out.completed() or out.finished(), perhaps
  /// before this returns.
  virtual void send(Outgoing& out) const noexcept = 0;
  [[nodiscard]] virtual Answers answers() const noexcept { return Answers::no; }
  /// Where a reply goes that no requester waits for; null: nowhere.
  [[nodiscard]] virtual const Destination* reply_to() const noexcept { return nullptr; }
  /// What was sent waits in it, because it cannot be reached now.
  [[nodiscard]] virtual bool away() const noexcept { return false; }
  /// "lake/orders" or "handler geocode": for logs.
  [[nodiscard]] virtual std::string text() const = 0;
  /// For people: where `message`, which came from `broker`, would go.
  [[nodiscard]] virtual std::string explain(const Message& message, std::string_view broker) const = 0;
};

/// What a kind of destination is compiled from.
struct Compiling {
  /// Null: there is none of that name.
  std::function<const Endpoint*(const std::string&)> endpoint;
  std::function<handler::Handler*(const std::string&)> handler;
  const reply::Replier& replier;
  /// Null, and so its mark: what is sent there is not a message as it came (a reply, a dead letter). Both live as long
  /// as the destination.
  const config::Route* route;
  const RouteMark* mark;
  std::string path;  ///< in the file, for diagnostics
  config::Diagnostics& diagnostics;
};

/// A kind of destination, found by the key of the file that names it.
struct DestinationKind {
  std::string key;  ///< "broker"
  std::unique_ptr<const Destination> (*compile)(const config::Destination& config, const Compiling& compiling);
};
using DestinationKinds = std::vector<DestinationKind>;

}  // namespace mombridge::routing
