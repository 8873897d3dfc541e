#pragma once
// A status with something of everything.

#include "admin/status.hpp"

namespace mombridge::admin::test {

inline Status example() {
  Status status;
  status.name = "bridge";
  status.version = "1.2.3";
  status.now = 1'000'000;
  status.started = 910'000;
  status.links = {{"shop", {"publisher", LinkStatus::State::up, "rabbit:5672", LinkStatus::Role::publisher}, 940'000},
                  {"lake", {"topic orders", LinkStatus::State::failing, "no route to\nhost"}, std::nullopt}};
  status.brokers = {{"shop", "amqp", 10, 2, 1}};
  status.subscriptions = {{"shop", "orders", 10, 1000, 2}};
  status.routes = {{.name = "r",
                    .broker = "shop",
                    .target = "order.#",
                    .to = {{"lake/orders", 7}, {"handler h", 8}},
                    .matched = 9,
                    .in_flight = 2,
                    .held = 1,
                    .retries = 3,
                    .dead_letters = 4,
                    .last_error = "returned",
                    .last_error_at = 995'000}};
  status.config = {.ok = true, .at = 910'000, .text = "loaded at the start"};
  return status;
}

}  // namespace mombridge::admin::test
