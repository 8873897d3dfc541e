#include "broker/amqp/backlog.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "probe.hpp"

namespace mombridge::amqp {
namespace {

TEST(Backlog, WhatIsPutBackGoesFirstAndKeepsItsOrder) {
  test::Probe a("a"), b("b"), c("c"), d("d");
  Backlog backlog;
  backlog.append(c);
  backlog.append(d);
  backlog.put_back(std::vector<Publication*>{&a, &b});
  for (auto* expected : {&a, &b, &c, &d}) {
    ASSERT_FALSE(backlog.empty());
    EXPECT_EQ(&backlog.front(), expected);
    backlog.pop();
  }
  EXPECT_TRUE(backlog.empty());
}

TEST(Backlog, GoesOneByOneUntilAsManyAreSettled) {
  Backlog backlog;
  EXPECT_FALSE(backlog.one_by_one());
  backlog.settled();
  backlog.go_one_by_one(3);
  backlog.go_one_by_one(2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(backlog.one_by_one()) << i;
    backlog.settled();
  }
  EXPECT_FALSE(backlog.one_by_one());
}

}  // namespace
}  // namespace mombridge::amqp
