#pragma once
// The one interface behind which every kind of broker stands.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "message/delivery.hpp"
#include "message/publication.hpp"

namespace mombridge {

class EventLoop;

/// One connection, subscription or publisher of a broker, as status, logs and readiness see it.
struct LinkStatus {
  enum class State { connecting, up, blocked, failing, stopped };
  enum class Role { subscription, publisher };
  std::string link;  ///< "publisher", "queue task.queue", "topic orders": for people
  State state = State::connecting;
  std::string detail;  ///< why it is not up: the broker's own words
  Role role = Role::subscription;
  TimePoint since{};  ///< when it came into this state; zero where that is not known

  /// The same state again leaves `since` alone.
  void become(State next, std::string why) {
    if (next != state || since == TimePoint{}) since = Clock::now();
    state = next;
    detail = std::move(why);
  }
};
std::string_view to_string(LinkStatus::State state);

/// Life: construct, start(), any number of publish(), stop_intake(), stop(), destroy. Everything may be called from any
/// thread; start, stop_intake and stop one at a time.
class Broker {
 public:
  explicit Broker(std::string name) : name_(std::move(name)) {}
  virtual ~Broker() = default;
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Starts threads and connecting; returns at once, whether or not the broker can be reached. Deliveries of all
  /// subscriptions go to `sink`, each on the thread of its subscription. A connection that cannot be made or breaks is
  /// tried again for ever, with backoff.
  virtual void start(Sink& sink) = 0;

  /// Never blocks. While the broker is away the publication waits here; that is bounded by what the sources may have
  /// in flight. Publications of one caller's thread to one queue, or to one key of one topic, keep their order.
  virtual void publish(Publication& publication) noexcept = 0;

  /// Whether a request that is published now is sent now, and its reply has somewhere to come back to: the queue or
  /// topic of the bridge's own exists. Until then requests wait elsewhere, where they can still be given up. Cheap.
  [[nodiscard]] virtual bool takes_requests() const noexcept { return true; }

  /// Drain, first step: no further deliveries reach the sink once this returns; those in flight can still be settled.
  virtual void stop_intake() = 0;

  /// Drain, last step: writes what was settled (acks, offsets), closes and joins. Publications that are still here are
  /// completed as `away`. Returns after about `patience` at the latest.
  virtual void stop(Duration patience) = 0;

  /// After stop(): something of this broker did not end in time, and goes on by itself on a thread of its own. It
  /// touches nothing of ours, but the process must end without tearing down what that thread may use.
  [[nodiscard]] virtual bool left_behind() const { return false; }

  [[nodiscard]] virtual std::vector<LinkStatus> status() const = 0;

  /// The loops that this broker runs, for the watchdog. Fixed after start().
  [[nodiscard]] virtual std::vector<const EventLoop*> loops() const = 0;

 private:
  std::string name_;
};

}  // namespace mombridge
