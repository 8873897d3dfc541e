#include "routing/totals.hpp"

#include <gtest/gtest.h>

#include "routing/route_counts.hpp"

namespace mombridge::routing {
namespace {

TEST(Totals, AreThoseOfAllRoutesAndBrokers) {
  auto before = totals();
  received_messages().at({"totals_a", "q"}).messages.add(3);
  received_messages().at({"totals_b", "q"}).messages.add(4);
  delivered_messages().at({"totals_r", "d"}).add(2);
  delivered_messages().at({"totals_s", "d"}).add(8);
  unrouted_messages().at({"totals_a"}).add(1);
  auto& counts = route_counts().at({"totals_r"});
  counts.retries.add(5);
  counts.dead_lettered("loop");
  counts.dead_lettered("rejected");
  unrouted_counts().dead_lettered("unrouted");
  counts.held.add(6);
  EXPECT_EQ(
      since(before, totals()),
      (Totals{
          .received = 7, .delivered = 10, .retries = 5, .dead_letters = 3, .unrouted = 1, .held = before.held + 6}));
  counts.held.add(-6);
  EXPECT_EQ(since(totals(), totals()), Totals{.held = before.held});
}

TEST(Totals, WhatIsHeldIsNoMovement) {
  EXPECT_FALSE((Totals{.held = 3}.any()));
  EXPECT_TRUE((Totals{.received = 1}.any()));
  EXPECT_TRUE((Totals{.delivered = 1}.any()));
  EXPECT_TRUE((Totals{.retries = 1}.any()));
  EXPECT_TRUE((Totals{.dead_letters = 1}.any()));
  EXPECT_TRUE((Totals{.unrouted = 1}.any()));
}

}  // namespace
}  // namespace mombridge::routing
