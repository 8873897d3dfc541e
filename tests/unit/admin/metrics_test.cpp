#include "admin/metrics.hpp"

#include <gmock/gmock.h>

#include "broker/supervisor.hpp"
#include "example.hpp"
#include "handler/requests.hpp"
#include "routing/route_counts.hpp"

namespace mombridge::admin {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, HasWhatWasCounted) {
  auto& received = routing::received_messages().at({"m.shop", "q"});
  received.messages.add(3);
  received.bytes.add(500);
  routing::delivered_messages().at({"m.r", "lake/o"}).add(2);
  routing::unrouted_messages().at({"m.shop"}).add(4);
  auto& route = routing::route_counts().at({"m.r"});
  route.retries.add(5);
  route.held.add(1);
  route.requests.add(6);
  route.dead_lettered("undeliverable");
  route.dead_lettered("what nobody has heard of");
  EXPECT_THAT(metrics_text(test::example()),
              AllOf(HasSubstr("mombridge_received_messages_total{broker=\"m.shop\",subscription=\"q\"} 3\n"),
                    HasSubstr("mombridge_received_bytes_total{broker=\"m.shop\",subscription=\"q\"} 500\n"),
                    HasSubstr("mombridge_delivered_messages_total{route=\"m.r\",destination=\"lake/o\"} 2\n"),
                    HasSubstr("mombridge_unrouted_messages_total{broker=\"m.shop\"} 4\n"),
                    HasSubstr("mombridge_retries_total{route=\"m.r\"} 5\n"),
                    HasSubstr("mombridge_held_messages{route=\"m.r\"} 1\n"),
                    HasSubstr("mombridge_requests_total{route=\"m.r\"} 6\n"),
                    HasSubstr("mombridge_dead_letters_total{route=\"m.r\",reason=\"undeliverable\"} 1\n"),
                    HasSubstr("mombridge_dead_letters_total{route=\"m.r\",reason=\"other\"} 1\n"),
                    Not(HasSubstr("nobody has heard"))));
}

TEST(Metrics, HasTheMemoryThatMessagesTake) {
  EXPECT_THAT(metrics_text(test::example()), AllOf(HasSubstr("mombridge_memory_budget_bytes 268435456\n"),
                                                   HasSubstr("mombridge_memory_reserved_bytes 8400000\n"),
                                                   HasSubstr("mombridge_memory_pushed_bytes 2000000\n")));
}

TEST(Metrics, HistogramsAreCumulative) {
  auto& seconds = routing::route_counts().at({"m.h"}).seconds;
  for (auto took : {1ms, 2ms, 700ms, 90'000ms}) seconds.observe(took);
  handler::handler_seconds().at({"m.handler"}).observe(20ms);
  EXPECT_THAT(metrics_text(test::example()),
              AllOf(HasSubstr("mombridge_delivery_seconds_count{route=\"m.h\"} 4\n"),
                    HasSubstr("mombridge_delivery_seconds_bucket{route=\"m.h\",le=\"0.001\"} 1\n"),
                    HasSubstr("mombridge_delivery_seconds_bucket{route=\"m.h\",le=\"0.0025\"} 2\n"),
                    HasSubstr("mombridge_delivery_seconds_bucket{route=\"m.h\",le=\"0.5\"} 2\n"),
                    HasSubstr("mombridge_delivery_seconds_bucket{route=\"m.h\",le=\"60\"} 3\n"),
                    HasSubstr("mombridge_delivery_seconds_bucket{route=\"m.h\",le=\"+Inf\"} 4\n"),
                    HasSubstr("mombridge_delivery_seconds_sum{route=\"m.h\"} 90.703"),
                    HasSubstr("mombridge_handler_seconds_bucket{handler=\"m.handler\",le=\"0.025\"} 1\n")));
}

TEST(Metrics, HasTheIngress) {
  auto status = test::example();
  EXPECT_THAT(metrics_text(status), Not(HasSubstr("ingress")));
  status.ingress = Status::Ingress{.listen = {},
                                   .connections = 3,
                                   .open = 2,
                                   .waiting_bytes = 500,
                                   .unheard = 4,
                                   .late_replies = 5,
                                   .ends = {{"", "invalid", 1}, {"shop", "delivered", 17}}};
  EXPECT_THAT(
      metrics_text(status),
      AllOf(HasSubstr("mombridge_ingress_requests_total{broker=\"shop\",outcome=\"delivered\"} 17\n"),
            HasSubstr("mombridge_ingress_requests_total{broker=\"\",outcome=\"invalid\"} 1\n"),
            HasSubstr("mombridge_ingress_open_requests 2\n"), HasSubstr("mombridge_ingress_waiting_bytes 500\n"),
            HasSubstr("mombridge_ingress_connections 3\n"), HasSubstr("mombridge_ingress_clients_gone_total 4\n"),
            HasSubstr("mombridge_ingress_late_replies_total 5\n")));
}

TEST(Metrics, WhatIsNotMeasuredIsLeftOut) {
  auto status = test::example();
  status.subscriptions[0].in_flight_bytes.reset();
  status.lags.clear();
  EXPECT_THAT(metrics_text(status),
              AllOf(Not(HasSubstr("mombridge_in_flight_bytes")), Not(HasSubstr("mombridge_consumer_lag_messages"))));
}

TEST(Metrics, HasHowLongLinksWereBlocked) {
  auto& time = blocked_times().at({"m.blocked", "publisher"});
  EXPECT_THAT(metrics_text(test::example()),
              HasSubstr("mombridge_link_blocked_seconds_total{broker=\"m.blocked\",link=\"publisher\"} 0\n"));
  time.begin();
  time.end();
  EXPECT_THAT(metrics_text(test::example()),
              Not(HasSubstr("mombridge_link_blocked_seconds_total{broker=\"m.blocked\",link=\"publisher\"} 0\n")));
}

TEST(Metrics, HasTheStatus) {
  EXPECT_THAT(
      metrics_text(test::example()),
      AllOf(HasSubstr("mombridge_link_up{broker=\"shop\",link=\"publisher\"} 1\n"),
            HasSubstr("mombridge_link_up{broker=\"lake\",link=\"topic orders\"} 0\n"),
            HasSubstr("mombridge_in_flight_messages{broker=\"shop\",subscription=\"orders\"} 2\n"),
            HasSubstr("mombridge_in_flight_bytes{broker=\"shop\",subscription=\"orders\"} 1500000\n"),
            HasSubstr("mombridge_consumer_lag_messages{broker=\"lake\",topic=\"orders\",partition=\"3\"} 42\n"),
            HasSubstr("mombridge_consumer_lag_messages{broker=\"lake\",topic=\"^x-.*\"} 43\n"),
            HasSubstr("mombridge_queue_depth_messages{broker=\"shop\",queue=\"orders\"} 17\n"),
            HasSubstr("mombridge_certificate_not_after_timestamp_seconds{broker=\"shop\",certificate=\"client\"} "
                      "1800000000\n"),
            HasSubstr("mombridge_config_last_reload_successful 1\n"),
            HasSubstr("mombridge_config_last_reload_seconds 910\n"),
            HasSubstr("mombridge_build_info{version=\"1.2.3\"} 1\n"), HasSubstr("process_start_time_seconds 910\n"),
            HasSubstr("\nprocess_resident_memory_bytes "), HasSubstr("\nprocess_open_fds "),
            HasSubstr("\nprocess_cpu_seconds_total ")));
}

}  // namespace
}  // namespace mombridge::admin
