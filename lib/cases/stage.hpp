#pragma once
// The bridge without brokers: routes, handlers and in-process brokers of a configuration as they are, and in place of
// all others recorders.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "cases/case.hpp"
#include "cases/recorder.hpp"
#include "routing/router.hpp"
#include "topology/snapshot.hpp"

namespace mombridge::cases {

/// What became of a message.
struct Happened {
  enum class End : uint8_t {
    settled,
    held,     ///< it waits for an operator, because a destination refused it and there is no dead letter
    pending,  ///< neither in time
  };
  std::vector<std::string> routes;  ///< that took it, in the file's order
  std::vector<Sent> sent, replies, dead_letters;
  End end = End::settled;
};

/// One thread calls everything here.
class Stage {
 public:
  using MakeBroker = std::function<std::unique_ptr<Broker>(const config::BrokerSection&)>;

  /// `make` is called for brokers that live in this process.
  Stage(const config::Config& config, const routing::DestinationKinds& kinds, MakeBroker make);
  ~Stage();

  /// Loads and starts the handlers and compiles the routes. Once, before play().
  Result<> start();
  /// Lets the message in, and waits until all that follows from it is done, at most for `patience`. Fails where the
  /// message cannot come as the case says; the text says why.
  Result<Happened> play(const Given& given, Duration patience);

 private:
  struct Way;

  [[nodiscard]] Result<Way> way_of(const Given& given, const Message& message) const;
  /// [loop's thread]
  Result<> build();
  void end();
  /// Nothing follows from the message any more, as far as it shows.
  bool is_done(const class PlayedDelivery& delivery);

  std::shared_ptr<const config::Config> config_;
  const routing::DestinationKinds& kinds_;
  MakeBroker make_;
  EventLoop loop_;  ///< the bridge's main loop, on a thread of its own
  Record record_;
  std::shared_ptr<topology::Retired> retired_;
  routing::Router router_;
  std::shared_ptr<const topology::Snapshot> snapshot_;
  std::vector<std::unique_ptr<class PlayedDelivery>> deliveries_;  ///< one that did not end in time stays to the end
};

}  // namespace mombridge::cases
