#pragma once
// What is counted by labels in routing: of routes, of subscriptions, of brokers. The cells are found when a table is
// compiled or begins to be used, and never for a message.

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "base/family.hpp"
#include "base/histogram.hpp"

namespace mombridge::routing {

/// Why the last message of a route that failed did so. [any thread]
class LastFailure {
 public:
  struct Reading {
    std::string reason;   ///< as it came: to be made printable; empty: none has failed
    int64_t unix_ms = 0;  ///< when
  };

  void set(std::string_view reason);
  [[nodiscard]] Reading read() const;

 private:
  mutable std::mutex mutex_;
  Reading last_;
};

/// What is counted of the routes of one name. [any thread]
struct RouteCounts {
  /// Codes of failures (Failure::code) under which dead letters are counted; any other counts as the last one.
  static constexpr std::array<std::string_view, 10> kReasons{
      "handler_failed", "rejected", "undeliverable", "refused",        "return_path_too_long",
      "reply_unusable", "loop",     "unrouted",      "delivery_limit", "other"};

  Counter begun, ended;  ///< attempts: one for each message and destination
  Counter retries, requests;
  std::array<Counter, kReasons.size()> dead_letters;
  Gauge held;         ///< attempts that only wait for the operator
  Histogram seconds;  ///< from receiving a message to its settlement, where times are wanted
  LastFailure failure;

  void dead_lettered(std::string_view code) noexcept;
  /// Attempts that have begun and not ended.
  [[nodiscard]] uint64_t in_flight() const;
};

/// By the name of the route.
Family<RouteCounts>& route_counts();
/// Of what no route took; shown under the name kUnrouted.
RouteCounts& unrouted_counts();
inline constexpr std::string_view kUnrouted = "(unrouted)";

/// By route and destination.
Family<Counter>& delivered_messages();
/// By broker.
Family<Counter>& unrouted_messages();

/// What is counted of one subscription.
struct SubscriptionCounts {
  Counter messages, bytes;  ///< received; bytes of bodies
};
/// By broker and subscription, as its source is written in the file.
Family<SubscriptionCounts>& received_messages();

}  // namespace mombridge::routing
