// What becomes of messages that wait while the routes are changed.

#include <gmock/gmock.h>

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const std::string kRoute = "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: orders}}]\n";

std::string with(const std::string& more, const std::string& routes = kRoute) {
  return "failures: {attempts: 2, backoff: 1ms..20s}\n" + kBrokers + routes + more;
}

/// A router whose configuration changes, between brokers that stay.
class Reloading : public testing::Test {
 protected:
  Reloading() { loop_.start(); }
  ~Reloading() override {
    router_.stop();
    loop_.stop();
  }

  void use(const std::string& text) {
    auto loaded = load_text(text, false);
    EXPECT_THAT(loaded.said, testing::Each(testing::Not(HasSubstr("error"))));
    config::Diagnostics diagnostics;
    handlers_ = {{"old", &old_}, {"next", &next_}};
    auto former = tables.empty() ? nullptr : tables.back().lock();
    auto table = compile(loaded.config, diagnostics, {{"shop", &shop}, {"lake", &lake}}, handlers_, former.get());
    EXPECT_TRUE(diagnostics.ok());
    tables.emplace_back(table);
    router_.use(std::move(table));
  }
  FakeDelivery& receive(const std::string& target = "q") {
    auto& delivery = *deliveries_.emplace_back(std::make_unique<FakeDelivery>(target));
    router_.ingress("shop").receive(DeliveryHandle(&delivery));
    return delivery;
  }
  /// Of a message that no dead letter takes.
  FakeDelivery& receive_held() {
    lake.always(Outcome::refused("not like this", Outcome::Cause::around));
    auto& delivery = receive();
    EXPECT_TRUE(eventually([&] { return router_.held() == 1; }));
    return delivery;
  }
  [[nodiscard]] size_t tables_alive() const {
    return static_cast<size_t>(std::ranges::count_if(tables, [](auto& table) { return !table.expired(); }));
  }
  /// What the broker got last.
  static mombridge::test::Sent last(const FakeBroker& broker) { return broker.sent().back(); }

  FakeBroker shop{"shop"}, lake{"lake"};
  FakeHandler old_, next_;
  std::vector<std::weak_ptr<const RouteTable>> tables;

 private:
  RouteTable::Handlers handlers_;
  EventLoop loop_{"timers"};

 protected:
  Router router_{loop_};

 private:
  std::vector<std::unique_ptr<FakeDelivery>> deliveries_;
};

TEST_F(Reloading, WhatIsHeldGoesOnByTheRouteOfTheSameName) {
  use(with(""));
  auto& delivery = receive_held();
  EXPECT_EQ(delivery.held(), 1);
  lake.always(std::nullopt);
  use(with("",
           "routes: [{name: other, from: {broker: shop, queue: o}, to: {broker: lake, target: o}}, {name: r, from: "
           "{broker: shop, queue: q}, to: {broker: lake, target: mended, key: k}}]\n"));
  ASSERT_TRUE(settled(delivery, Settlement::accept)) << "at once, and not after the longest wait";
  EXPECT_EQ(last(lake).target, "mended");
  EXPECT_EQ(last(lake).key, "k");
  EXPECT_EQ(router_.held(), 0u);
  EXPECT_EQ(router_.in_flight(), 0u);
  EXPECT_EQ(delivery.held(), 0);
  EXPECT_TRUE(eventually([&] { return tables_alive() == 1; })) << tables_alive();
}

TEST_F(Reloading, WhatIsStillHeldIsHeldByTheNewRoutesAlone) {
  use(with(""));
  auto& delivery = receive_held();
  for (int i = 0; i < 5; ++i) {
    auto sent = lake.sent_count();
    use(with(""));
    ASSERT_TRUE(eventually([&] { return lake.sent_count() >= sent + 2 && router_.held() == 1; }));
    EXPECT_TRUE(eventually([&] { return tables_alive() == 1; })) << "nothing goes by the former ones";
  }
  EXPECT_EQ(router_.in_flight(), 1u);
  lake.always(std::nullopt);
  use(with(""));
  EXPECT_TRUE(settled(delivery, Settlement::accept));
}

TEST_F(Reloading, WithADeadLetterWhatIsHeldIsTriedAndGoesThere) {
  use(with(""));
  auto& delivery = receive_held();
  auto before = lake.sent_count();
  use(with("",
           "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: orders}, failures: "
           "{dead_letter: {broker: shop, target: dead}}}]\n"));
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(lake.sent_count(), before + 2) << "all attempts are before it again";
  EXPECT_EQ(last(shop).target, "dead");
}

TEST_F(Reloading, WithoutItsRouteItIsUnrouted) {
  use(with(""));
  auto other = "routes: [{name: other, from: {broker: shop, queue: q}, to: {broker: lake, target: orders}}]\n";
  {
    auto& delivery = receive_held();
    auto discarded = count("unrouted_discarded");
    use(with("unrouted: discard\n", other));
    EXPECT_TRUE(settled(delivery, Settlement::accept));
    EXPECT_EQ(count("unrouted_discarded"), discarded + 1);
  }
  use(with(""));
  auto& delivery = receive_held();
  use("failures: {dead_letter: {broker: shop, target: dead}}\n" + kBrokers + other);
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(last(shop).target, "dead");
  EXPECT_THAT(last(shop).headers.at("mombridge-dead-reason"),
              HasSubstr("no route takes it since the configuration was changed"));
}

TEST_F(Reloading, WithoutItsBrokerItIsGivenBack) {
  use(with(""));
  auto& delivery = receive_held();
  use("brokers: {lake: {type: kafka, bootstrap_servers: 'localhost:9092'}, local: {type: memory}}\n"
      "routes: [{from: {broker: lake, topic: a}, to: {broker: local, target: b}}, {from: {broker: local, target: b}, "
      "to: {broker: lake, target: c}}]\n");
  EXPECT_TRUE(settled(delivery, Settlement::requeue));
}

TEST_F(Reloading, EachHeldDestinationFindsItsOwn) {
  auto to = [](const std::string& destinations) {
    return with("", "routes: [{name: r, from: {broker: shop, queue: q}, to: [" + destinations + "]}]\n");
  };
  use(to("{broker: lake, target: a}, {broker: lake, target: b}"));
  lake.always(Outcome::refused("not like this", Outcome::Cause::around));
  auto& delivery = receive();
  ASSERT_TRUE(eventually([&] { return router_.held() == 1; }));
  auto before = lake.sent_count();
  lake.always(std::nullopt);
  use(to("{broker: lake, target: b}, {broker: lake, target: c}"));
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  std::vector<std::string> targets;
  auto sent = lake.sent();
  for (size_t i = before; i < sent.size(); ++i) targets.push_back(sent[i].target);
  EXPECT_THAT(targets, testing::UnorderedElementsAre("b", "c")) << "c has taken the place of a";
  EXPECT_TRUE(eventually([&] { return tables_alive() == 1; }));
}

TEST_F(Reloading, WhatIsOnItsWayFinishesByTheFormerRoutes) {
  use(with(""));
  lake.keep();
  auto& delivery = receive();
  use(with("", "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: later}}]\n"));
  EXPECT_EQ(tables_alive(), 2u);
  lake.complete();
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_THAT(lake.sent(), SizeIs(1));
  EXPECT_EQ(last(lake).target, "orders");
  EXPECT_EQ(tables_alive(), 1u);
}

TEST_F(Reloading, WhatWaitsForADestinationGoesOnByTheNewRoutes) {
  use(with(""));
  lake.always(Outcome::away("not connected"));
  auto& delivery = receive();
  ASSERT_TRUE(eventually([&] { return lake.sent_count() > 0; }));
  lake.always(std::nullopt);
  use(with("", "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: shop, target: elsewhere}}]\n"));
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(last(shop).target, "elsewhere");
}

TEST_F(Reloading, AHandlerThatFailsIsFollowedByTheNextOne) {
  auto handled = [](const std::string& name) {
    return "failures: {attempts: 3, backoff: 50ms..50ms}\nhandlers: {" + name + ": {plugin: h.so}}\n" + kBrokers +
           "routes: [{name: r, from: {broker: shop, queue: q}, to: {handler: " + name + "}}]\n";
  };
  use(handled("old"));
  old_.behave = [](auto&) { return FakeHandler::retry("not today"); };
  auto& delivery = receive();
  ASSERT_TRUE(eventually([&] { return old_.calls > 0; }));
  use(handled("next"));
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(next_.calls, 1u);
}

TEST_F(Reloading, AReplyThatWaitsGoesToWhereTheNewRouteSaysReplies) {
  auto replying = [](const std::string& target) {
    return "handlers: {old: {plugin: h.so}}\n" + kBrokers +
           "routes: [{name: r, from: {broker: shop, queue: q}, to: {handler: old, reply_to: {broker: lake, target: " +
           target + "}}}]\n";
  };
  use(replying("first"));
  old_.behave = [](auto&) { return FakeHandler::reply("the reply"); };
  lake.always(Outcome::away("not connected"));
  auto& delivery = receive();
  ASSERT_TRUE(eventually([&] { return lake.sent_count() > 0; }));
  lake.always(std::nullopt);
  use(replying("second"));
  ASSERT_TRUE(settled(delivery, Settlement::accept));
  EXPECT_EQ(last(lake).target, "second");
  EXPECT_EQ(last(lake).body, "the reply");
  EXPECT_EQ(old_.calls, 1u) << "the message is not handled again";
}

TEST_F(Reloading, AReleasedIngressGoesByWhatItIsTold) {
  use(with(""));
  auto& former = router_.ingress("shop");
  auto kept = router_.release("shop");
  ASSERT_EQ(kept.get(), &former);
  use(with("", "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: later}}]\n"));
  FakeDelivery first("q"), second("q");
  former.receive(DeliveryHandle(&first));
  EXPECT_EQ(last(lake).target, "orders") << "its broker still has the subscriptions of the former table";
  router_.ingress("shop").receive(DeliveryHandle(&second));
  EXPECT_EQ(last(lake).target, "later");
  kept->go_by(nullptr);
  EXPECT_TRUE(kept->uses().idle());
  FakeDelivery third("q");
  former.receive(DeliveryHandle(&third));
  EXPECT_EQ(third.settlement(), Settlement::requeue);
}

std::string rated(const std::string& rate, const std::string& name = "r") {
  return with("", "routes: [{name: " + name + ", from: {broker: shop, queue: q}, to: {broker: lake, target: orders}" +
                      (rate.empty() ? "" : ", rate: " + rate) + "}]\n");
}

TEST_F(Reloading, ARateGoesOnAndManyReloadsLetNoMoreThrough) {
  use(rated("2/h"));
  std::vector<FakeDelivery*> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(&receive());
    use(rated("2/h"));
  }
  EXPECT_TRUE(settled(*all[0], Settlement::accept));
  EXPECT_EQ(lake.sent_count(), 1u);
  EXPECT_EQ(router_.in_flight(), 9u);
  use(rated("1000/s"));
  for (auto* one : all) EXPECT_TRUE(settled(*one, Settlement::accept)) << "also what waited at the former rate";
  EXPECT_TRUE(eventually([&] { return tables_alive() == 1; })) << tables_alive();
}

TEST_F(Reloading, WhatWaitedForARateThatIsGoneGoesOnByTheNewRoutes) {
  use(rated("1/h"));
  receive();
  auto& waits = receive();
  use(rated(""));
  EXPECT_TRUE(settled(waits, Settlement::accept));
  use(rated("1/h"));
  receive();
  auto& other = receive();
  EXPECT_EQ(router_.in_flight(), 1u);
  auto discarded = count("unrouted_discarded");
  use(rated("1/h", "another"));
  EXPECT_TRUE(settled(other, Settlement::accept));
  EXPECT_EQ(count("unrouted_discarded"), discarded + 1) << "the route is gone";
}

// A configuration that is checked and then not used has no part in the rate.
TEST_F(Reloading, ATableThatIsNotUsedChangesNoRate) {
  use(rated("1/h"));
  receive();
  auto& waits = receive();
  config::Diagnostics diagnostics;
  auto loaded = load_text(rated("1000/s"), false);
  auto former = tables.back().lock();
  auto table = compile(loaded.config, diagnostics, {{"shop", &shop}, {"lake", &lake}}, {}, former.get());
  EXPECT_EQ(table->route("r")->rate, former->route("r")->rate);
  table = nullptr;
  receive();
  EXPECT_EQ(waits.settled(), 0);
  EXPECT_EQ(lake.sent_count(), 1u);
}

}  // namespace
}  // namespace mombridge::routing::test
