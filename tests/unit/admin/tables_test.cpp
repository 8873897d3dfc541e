#include "admin/tables.hpp"

#include <gmock/gmock.h>

#include "example.hpp"

namespace mombridge::admin {
namespace {

TEST(Tables, ShowTheStatus) {
  EXPECT_EQ(*status_tables(to_json(test::example())),
            "mombridge 1.2.3, 'bridge': not ready, running for 1m30s\n"
            "configuration: loaded at the start, 1m30s ago\n"
            "\n"
            "BROKER  LINK          STATE    SINCE  DETAIL\n"
            "shop    publisher     up       1m0s   rabbit:5672\n"
            "lake    topic orders  failing         no route to\\x0ahost\n"
            "\n"
            "BROKER  SUBSCRIPTION  RECEIVED  IN FLIGHT  MEMORY   WAITING  STATE\n"
            "shop    orders        10        2          1.4 MiB  17\n"
            "memory: 1.4 MiB of 256 MiB, and 8.0 MiB of it set aside for fetching ahead, 1.9 MiB from handlers and "
            "over HTTP\n"
            "\n"
            "ROUTE  DESTINATION  DELIVERED  IN FLIGHT  HELD  RETRIES  DEAD LETTERS  RATE\n"
            "r      lake/orders  7          2          1     3        4             500/s, limits now\n"
            "       handler h    8\n"
            "\n"
            "last error of r, 5s ago: returned\n"
            "messages that no route took: 5\n");
}

TEST(Tables, ShowTheWorkers) {
  auto status = test::example();
  status.handlers[0].worker = {
      .state = "running", .pid = 77, .since = 980'000, .restarts = 2, .last_end = "was killed by SIGSEGV"};
  EXPECT_THAT(*status_tables(to_json(status)),
              testing::HasSubstr("HANDLER  WORKER   PID  SINCE  RESTARTS  LAST END\n"
                                 "h        running  77   20s    2         was killed by SIGSEGV\n"));
}

TEST(Tables, ShowThreadsThatDoNotReturn) {
  auto status = test::example();
  status.handlers[0].threads = {.all = 4, .written_off = 1};
  EXPECT_THAT(*status_tables(to_json(status)),
              testing::HasSubstr("\nh        in the bridge                        1 of 4 threads do not return\n"));
}

TEST(Tables, WhatWaitsIsLeftOpenWhereItIsNotKnown) {
  auto status = test::example();
  status.subscriptions[0].waiting.reset();
  EXPECT_THAT(*status_tables(to_json(status)),
              testing::HasSubstr("shop    orders        10        2          1.4 MiB\n"));
}

TEST(Tables, ShowTheIngress) {
  auto status = test::example();
  status.ingress = Status::Ingress{
      .listen = "127.0.0.1:8422", .connections = 3, .open = 2, .ends = {{"", "invalid", 1}, {"shop", "delivered", 17}}};
  EXPECT_THAT(*status_tables(to_json(status)),
              testing::HasSubstr("ingress at 127.0.0.1:8422: 2 requests open, 3 connections\n"
                                 "INGRESS  OUTCOME    REQUESTS\n"
                                 "(none)   invalid    1\n"
                                 "shop     delivered  17\n"));
}

TEST(Tables, SayWhatIsWrong) {
  auto status = test::example();
  status.stalls = {"shop: 2 messages in flight, none settled"};
  status.draining = true;
  EXPECT_THAT(*status_tables(to_json(status)), testing::HasSubstr("'bridge': draining"));
  EXPECT_THAT(*status_tables(to_json(status)),
              testing::EndsWith("no progress: shop: 2 messages in flight, none settled\n"));
  status.not_live = "an event loop is stuck";
  EXPECT_THAT(*status_tables(to_json(status)), testing::HasSubstr("not live: an event loop is stuck"));
  EXPECT_FALSE(says_alive(to_json(status)));
}

TEST(Tables, SayWhatIsDrained) {
  auto status = test::example();
  status.drained = {"broker shop", "route r"};
  status.subscriptions[0].drained = true;
  EXPECT_THAT(
      *status_tables(to_json(status)),
      testing::AllOf(testing::HasSubstr("1m30s ago\ndrained: broker shop, route r\n\n"),
                     testing::HasSubstr("shop    orders        10        2          1.4 MiB  17       drained\n")));
}

TEST(Tables, RefuseWhatIsNoStatus) {
  for (auto* text : {"", "{}", "[]", "null", "not json", R"({"now_unix_ms": "x"})"}) {
    EXPECT_FALSE(status_tables(text)) << text;
    EXPECT_FALSE(says_alive(text)) << text;
  }
  EXPECT_TRUE(says_alive(to_json(test::example())));
}

}  // namespace
}  // namespace mombridge::admin
