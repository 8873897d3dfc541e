// What the live broker makes of publications.

#include <limits>

#include "broker/amqp/table.hpp"
#include "live.hpp"

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class PublisherLive : public test::LiveTest {};

TEST_F(PublisherLive, AMissingExchangeIsRefusedAndFoundOnceItIsDeclared) {
  auto name = queue(), topic = exchange();
  raw->declare_queue(name);
  start();
  EXPECT_EQ(publish("key", "1", topic).outcome(), "refused: 404 NOT_FOUND - no exchange '" + topic + "' in vhost '/'");
  EXPECT_EQ(publish(name, "2").outcome(), "delivered") << "others are not hurt";
  raw->declare_exchange(topic, "fanout");
  EXPECT_TRUE(await([&] {
    auto outcome = publish("key", "3", topic).outcome();
    return outcome.find("312 NO_ROUTE") != std::string::npos;  // it is there; nothing is bound to it
  }));
}

TEST_F(PublisherLive, AnExchangeThatIsDeletedTakesOnlyItsOwn) {
  auto name = queue(), topic = exchange();
  raw->declare_queue(name);
  raw->declare_exchange(topic, "fanout");
  start();
  EXPECT_THAT(publish("key", "known", topic).outcome(), HasSubstr("NO_ROUTE"));
  raw->delete_exchange(topic);
  std::vector<test::Probe*> there, gone;
  for (int i = 0; i < 100; ++i) {
    there.push_back(&publish(name, std::to_string(i)));
    if (i % 25 == 0) gone.push_back(&publish("key", std::to_string(i), topic));
  }
  for (auto* p : there) EXPECT_EQ(p->outcome(), "delivered");
  for (auto* p : gone) EXPECT_THAT(p->outcome(), testing::AllOf(StartsWith("refused"), HasSubstr("no exchange")));
}

TEST_F(PublisherLive, AnUnroutableOneIsRefusedUnlessItNeedNotBeRouted) {
  start();
  auto missing = unique("missing");
  EXPECT_THAT(publish(missing, "x").outcome(),
              testing::AllOf(StartsWith("refused"), HasSubstr("312 NO_ROUTE"), HasSubstr(missing)));
  test::Probe loose(missing);
  loose.own_options.mandatory = false;
  broker->publish(loose);
  EXPECT_EQ(loose.outcome(), "delivered");
}

TEST_F(PublisherLive, AFullQueueIsAwayNotRefused) {
  auto name = queue();
  Buffer table;
  Writer w(table);
  w.short_string("x-max-length");
  encode_value(w, Value::of(int64_t{1}));
  w.short_string("x-overflow");
  encode_value(w, Value::of("reject-publish"));
  raw->declare_queue(name, true, table);
  start();
  EXPECT_EQ(publish(name, "fits").outcome(), "delivered");
  EXPECT_TRUE(await([&] { return publish(name, "more").outcome().starts_with("away: nacked"); }));
}

// Each of these closes the channel or the connection of a client that sends it on.
TEST_F(PublisherLive, WhatKillsChannelsIsStoppedAtTheBorder) {
  auto name = queue();
  raw->declare_queue(name);
  start();
  std::vector<Header> hostile{
      {"CC", Value::of("not an array")},
      {"BCC", Value::of(int64_t{1})},
      {"x-death", Value::of("forged")},
      {"nan", {.kind = Value::Kind::f64, .real = std::numeric_limits<double>::quiet_NaN(), .text = {}, .members = {}}},
      {"bytes", Value::of("\xff\xfe")}};
  test::Probe probe(name), plain(name);
  probe.own.headers = hostile;
  probe.own.expiration = "99999999999999999";
  probe.own.correlation_id = std::string_view("\0\xff", 2);
  broker->publish(plain);
  broker->publish(probe);
  EXPECT_EQ(probe.outcome(), "delivered");
  EXPECT_EQ(plain.outcome(), "delivered");
  EXPECT_EQ(raw->messages(name), 2u);
}

TEST_F(PublisherLive, AWrongPasswordIsShownInTheBrokersWords) {
  settings->endpoints[0].password = Secret("wrong");
  start();
  ASSERT_TRUE(await_state(0, LinkStatus::State::failing));
  EXPECT_THAT(link(0).detail, HasSubstr("403 ACCESS_REFUSED"));
}

}  // namespace
}  // namespace mombridge::amqp
