#pragma once
// A status with something of everything.

#include "admin/status.hpp"

namespace mombridge::admin::test {

/// Of 4 messages: half of them in 0.5 ms, one in 5 ms, one in more than a minute.
inline Histogram::Reading times() {
  Histogram::Reading reading;
  reading.counts[0] = 2;
  reading.counts[3] = reading.counts.back() = 1;
  return reading;
}

inline Status example() {
  Status status;
  status.name = "bridge";
  status.version = "1.2.3";
  status.now = 1'000'000;
  status.started = 910'000;
  status.links = {{"shop", {"publisher", LinkStatus::State::up, "rabbit:5672", LinkStatus::Role::publisher}, 940'000},
                  {"lake", {"topic orders", LinkStatus::State::failing, "no route to\nhost"}, std::nullopt}};
  status.brokers = {{"shop", "amqp", 10, 2, 1, 5}, {"lake", "kafka", 0, 0, 0, 0}};
  status.subscriptions = {{"shop", "orders", 10, 1000, 2, false, 1'500'000, 17}};
  status.lags = {{"lake", "orders", 3, 42}, {"lake", "^x-.*", std::nullopt, 43}};
  status.queues = {{"shop", "orders", 17}};
  status.certificates = {{"shop", "client", 1'800'000'000}};
  status.memory = {.budget = 256 << 20, .reserved = 8'400'000, .in_flight = 1'500'000, .pushed = 2'000'000};
  status.routes = {{.name = "r",
                    .broker = "shop",
                    .target = "order.#",
                    .to = {{"lake/orders", 7, "lake"}, {"handler h", 8, "", "h", "shop"}},
                    .matched = 9,
                    .in_flight = 2,
                    .held = 1,
                    .retries = 3,
                    .dead_letters = 4,
                    .last_error = "returned",
                    .last_error_at = 995'000,
                    .times = times(),
                    .dead_letter = "lake/dead",
                    .rate = "500/s",
                    .limited = true}};
  status.handlers = {{"h", 12, 1, 2, 3, times()}};
  status.handlers[0].threads = {.all = 4};
  status.unrouted = 5;
  status.latest_letters = {{.unix_ms = 999'000,
                            .route = "r",
                            .broker = "shop",
                            .source = "orders",
                            .target = "order.new",
                            .partition = -1,
                            .offset = 42,
                            .code = "rejected",
                            .reason = "no\nstock",
                            .attempts = 3}};
  status.config = {.ok = true, .at = 910'000, .read_at = 910'000, .text = "loaded at the start"};
  return status;
}

}  // namespace mombridge::admin::test
