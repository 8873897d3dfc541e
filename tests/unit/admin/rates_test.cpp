#include "admin/rates.hpp"

#include <gmock/gmock.h>

#include "example.hpp"

namespace mombridge::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

Status later() {
  auto status = test::example();
  status.now += 2000;
  status.subscriptions[0].messages += 2468;
  status.subscriptions[0].bytes += 4 * 1024 * 1024;
  status.routes[0].to[0].delivered += 2468;
  status.routes[0].to[1].delivered += 1;
  status.routes[0].retries += 3;
  status.routes[0].times->counts[3] += 100;
  status.handlers[0].calls += 20;
  status.handlers[0].rejects += 2;
  status.links[0].status.state = LinkStatus::State::up;
  return status;
}

TEST(Rates, AreTheDifferenceOfTwoAnswers) {
  EXPECT_EQ(*rate_tables(to_json(test::example()), to_json(later())),
            "mombridge 1.2.3, 'bridge': not ready, running for 1m32s\n"
            "in flight 2, held 1, dead letters 4, unrouted 5, memory 1.4 MiB of 256 MiB\n"
            "\n"
            "BROKER  LINK          STATE    REASON\n"
            "lake    topic orders  failing  no route to\\x0ahost\n"
            "\n"
            "BROKER  SUBSCRIPTION  MSG/S  BYTES/S  IN FLIGHT   MEMORY\n"
            "shop    orders         1234  2.0 MiB          2  1.4 MiB\n"
            "\n"
            "ROUTE  DESTINATION  MSG/S  IN FLIGHT  HELD     P50     P99  RETRIES/S  DEAD/S\n"
            "r      lake/orders   1234          2     1  3.8 ms  5.0 ms        1.5       0\n"
            "       handler h      0.5\n"
            "\n"
            "HANDLER  CALLS/S  IN FLIGHT  P50  P99  RETRIES/S  REJECTS/S\n"
            "h             10          1    -    -          0        1.0\n");
}

TEST(Rates, AreNotKnownAtFirst) {
  auto text = *rate_tables("", to_json(test::example()));
  EXPECT_THAT(text, HasSubstr("shop    orders            -        -          2  1.4 MiB\n"));
  auto restarted = later();
  restarted.started += 1;
  EXPECT_THAT(*rate_tables(to_json(test::example()), to_json(restarted)), HasSubstr("orders            -"))
      << "it counts from the beginning";
}

TEST(Rates, WhatIsNewHasNone) {
  auto before = test::example();
  before.routes.clear();
  before.handlers[0].times.reset();
  EXPECT_THAT(*rate_tables(to_json(before), to_json(later())), HasSubstr("r      lake/orders      -"));
}

TEST(Rates, TheBusiestIsFirst) {
  auto before = test::example(), now = later();
  for (auto* status : {&before, &now}) status->routes.insert(status->routes.begin(), status->routes[0]);
  for (auto* status : {&before, &now}) status->routes[0].name = "quiet";
  now.routes[0].to[0].delivered = before.routes[0].to[0].delivered;
  auto text = *rate_tables(to_json(before), to_json(now));
  EXPECT_LT(text.find("\nr "), text.find("\nquiet "));
}

TEST(Rates, ABadReloadIsSaid) {
  auto now = later();
  now.config = {.ok = false, .text = "reload failed: a.yaml:3:1: error: x"};
  EXPECT_THAT(*rate_tables("", to_json(now)),
              HasSubstr("unrouted 5, memory 1.4 MiB of 256 MiB\nreload failed: a.yaml:3:1: error: x\n\n"));
  EXPECT_THAT(*rate_tables("", to_json(later())), Not(HasSubstr("loaded")));
}

TEST(Rates, RefuseWhatIsNoStatus) {
  for (auto* text : {"", "{}", "[]", "null", "not json", R"({"now_unix_ms": "x"})"}) {
    EXPECT_FALSE(rate_tables("", text)) << text;
    EXPECT_EQ(rate_tables(text, to_json(test::example())).has_value(), std::string(text).empty()) << text;
  }
}

}  // namespace
}  // namespace mombridge::admin
