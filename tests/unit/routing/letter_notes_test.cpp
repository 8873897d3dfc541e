// What DeadLetter has written is read, and the message becomes what it was.

#include "routing/letter_notes.hpp"

#include <gtest/gtest.h>

#include "broker/memory/settings.hpp"
#include "message/bridge_owned.hpp"
#include "routing/dead_letter.hpp"
#include "routing/letter_filter.hpp"
#include "routing/letter_places.hpp"
#include "routing/letter_way.hpp"
#include "world.hpp"

namespace mombridge::routing::test {
namespace {

struct Pub final : Publication {
  void completed(Outcome) noexcept override {}
};

/// A dead letter as a reader of its queue or topic decodes it.
class Stored {
 public:
  explicit Stored(const Delivery& delivery, std::string_view reason = "NO_ROUTE", Message::Text key = {}) {
    rendered_.headers = {{header::kHops, Value::of("3")}, {"added", Value::of("by the dead letter")}};
    publication_.key = key ? key : delivery.message.key;
    dead_.fill(publication_, rendered_, delivery, {"shop", "orders", "up", reason, 5}, false);
    auto& m = stored.message;
    m = *publication_.message;
    m.key = publication_.key;
    for (auto list : {m.headers, publication_.headers})
      for (auto& h : list) (owner_of(h.name) == NameOwner::dead_letter ? local_ : headers_).push_back(h);
    m.headers = headers_;
    m.local = local_;
    m.record_time_ms = 1'800'000'000'000;
    m.redelivered = true;
    stored.id = "0/7";
  }
  [[nodiscard]] LetterNotes notes() const { return LetterNotes::of(stored.message); }

  StoredMessage stored;

 private:
  DeadLetter dead_;
  Pub publication_;
  Rendered rendered_;
  std::vector<Header> headers_, local_;
};

class LetterNotesOf : public testing::Test {
 protected:
  LetterNotesOf() {
    auto& m = delivery.message;
    m.key = "key";
    m.expiration = "60000";
    m.message_id = "m-1";
    m.correlation_id = "c-1";
    m.record_time_ms = 1'700'000'000'000;
    delivery.partition = 3;
    delivery.offset = 42;
    delivery.header("one", "1");
  }
  FakeDelivery delivery{"order.created", "body"};
};

TEST_F(LetterNotesOf, WhereItCameFromAndWhy) {
  Stored dead(delivery);
  auto notes = dead.notes();
  EXPECT_EQ(notes.broker, "shop");
  EXPECT_EQ(notes.source, "orders");
  EXPECT_EQ(notes.target, "order.created");
  EXPECT_EQ(notes.route, "up");
  EXPECT_EQ(notes.reason, "NO_ROUTE");
  EXPECT_EQ(notes.attempts, 5);
  EXPECT_EQ(notes.partition, 3);
  EXPECT_EQ(notes.offset, 42);
  EXPECT_NEAR(static_cast<double>(notes.at_ms.value()), static_cast<double>(unix_ms()), 60'000);
  EXPECT_FALSE(notes.headers_left_out);
}

TEST_F(LetterNotesOf, TheMessageIsAsItWas) {
  Stored dead(delivery);
  auto notes = dead.notes();
  RestoredMessage restored(dead.stored.message, notes, {"added"});
  auto& m = restored.message();
  EXPECT_EQ(m.target, "order.created");
  EXPECT_EQ(m.body, "body");
  EXPECT_EQ(m.key, "key");
  EXPECT_EQ(m.expiration, "60000");
  EXPECT_EQ(m.message_id, "m-1");
  EXPECT_EQ(m.correlation_id, "c-1");
  ASSERT_EQ(m.headers.size(), 1u);
  EXPECT_EQ(m.headers[0].name, "one");
  EXPECT_TRUE(m.local.empty());
  EXPECT_FALSE(m.redelivered);
  EXPECT_FALSE(m.record_time_ms);
}

TEST_F(LetterNotesOf, AKeyThatTheDeadLetterReplacedComesBack) {
  Stored dead(delivery, "r", "another");
  EXPECT_EQ(dead.stored.message.key, "another");
  EXPECT_EQ(RestoredMessage(dead.stored.message, dead.notes(), {}).message().key, "key");
  delivery.message.key.reset();
  Stored without(delivery, "r", "another");
  EXPECT_FALSE(RestoredMessage(without.stored.message, without.notes(), {}).message().key);
}

TEST_F(LetterNotesOf, AnIdThatTheBridgeMadeIsNone) {
  delivery.message.made_id = true;
  Stored dead(delivery);
  EXPECT_TRUE(dead.stored.message.message_id);
  EXPECT_FALSE(RestoredMessage(dead.stored.message, dead.notes(), {}).message().message_id);
}

TEST_F(LetterNotesOf, Filters) {
  Stored dead(delivery, "312 NO_ROUTE: no queue took it");
  auto notes = dead.notes();
  auto now = notes.at_ms.value() + 3'600'000;
  auto matches = [&](const LetterFilter& filter) { return filter.matches(dead.stored, notes, now); };
  EXPECT_TRUE(matches({}));
  EXPECT_TRUE(matches({.ids = {"x", "0/7"}, .reason = {}, .route = {}, .target = {}, .older = {}, .newer = {}}));
  LetterFilter filter;
  auto with = [&](auto set) {
    LetterFilter one;
    set(one);
    return matches(one);
  };
  EXPECT_TRUE(with([](auto& f) { f.ids = {"m-1"}; }));
  EXPECT_FALSE(with([](auto& f) { f.ids = {"0/8"}; }));
  EXPECT_TRUE(with([](auto& f) { f.reason = "NO_ROUTE"; }));
  EXPECT_TRUE(with([](auto& f) { f.reason = "312*it"; }));
  EXPECT_FALSE(with([](auto& f) { f.reason = "NO_RO*"; }));
  EXPECT_FALSE(with([](auto& f) { f.reason = "403"; }));
  EXPECT_TRUE(with([](auto& f) { f.route = "u*"; }));
  EXPECT_FALSE(with([](auto& f) { f.route = "u"; }));
  EXPECT_TRUE(with([](auto& f) { f.target.emplace("order.#"); }));
  EXPECT_FALSE(with([](auto& f) { f.target.emplace("order"); }));
  EXPECT_TRUE(with([](auto& f) { f.older = 59min; }));
  EXPECT_FALSE(with([](auto& f) { f.older = 61min; }));
  EXPECT_TRUE(with([](auto& f) { f.newer = 61min; }));
  EXPECT_FALSE(with([](auto& f) { f.newer = 59min; }));
}

TEST_F(LetterNotesOf, WhatDoesNotSayWhenItDiedIsNeitherOlderNorNewer) {
  StoredMessage stored;
  auto notes = LetterNotes::of(stored.message);
  LetterFilter older, newer;
  older.older = newer.newer = 1min;
  EXPECT_FALSE(older.matches(stored, notes, unix_ms()));
  EXPECT_FALSE(newer.matches(stored, notes, unix_ms()));
}

class LetterWayOf : public LetterNotesOf {
 protected:
  LetterWayOf() {
    auto settings = std::make_shared<memory::Settings>();
    settings->subscriptions.emplace_back().source = "orders";
    config.brokers.push_back({"shop", "memory", {}, settings});
  }
  Result<LetterWay> way(const std::optional<LetterTarget>& to = {}) {
    Stored dead(delivery);
    return letter_way(config, dead.notes(), to, [](auto&, auto& subscription, auto& target) {
      return WayBack{.target = subscription.source + "<" + target, .options = {}, .headers = {}};
    });
  }
  config::Config config;
};

TEST_F(LetterWayOf, BackToTheSource) {
  auto back = way();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), "shop/orders<order.created");
  EXPECT_EQ(back->partition, 3);
}

TEST_F(LetterWayOf, ElsewhereAsSomebodySays) {
  auto named = way(LetterTarget{"lake", "topic"});
  ASSERT_TRUE(named);
  EXPECT_EQ(named->text(), "lake/topic");
  EXPECT_EQ(named->partition, -1);
  EXPECT_EQ(way(LetterTarget{"lake", ""})->text(), "lake/order.created");
}

// Or who can write to the dead letter could send to any queue with the bridge's permissions.
TEST_F(LetterWayOf, OnlyToWhatTheConfigurationReads) {
  static_cast<memory::Settings&>(*config.brokers[0].settings).subscriptions[0].source = "others";
  auto refused = way();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "it came from 'orders' at shop, which the configuration does not read: --to BROKER/TARGET");
  config.brokers[0].name = "lake";
  EXPECT_FALSE(way());
}

TEST_F(LetterWayOf, WithoutNotesThereIsNone) {
  Message foreign;
  EXPECT_FALSE(letter_way(config, LetterNotes::of(foreign), {}, {}));
  EXPECT_FALSE(letter_way(config, LetterNotes::of(foreign), LetterTarget{"shop", ""}, {}));
}

TEST(LetterPlaces, AreTheFilesAndThoseOfItsRoutes) {
  config::Config config;
  auto dead = [](const std::string& broker, const std::string& target) {
    config::Destination to;
    to.broker = broker;
    to.target.value = target;
    to.headers.push_back({"added", {}, {}});
    return to;
  };
  config.failures.dead_letter = dead("shop", "mombridge.dead");
  for (auto& target : {"mombridge.dead", "special.dead", "dead.{target}"})
    config.routes.emplace_back().failures.emplace().dead_letter = dead("shop", target);
  config.routes.emplace_back();
  auto found = letter_places(config);
  ASSERT_EQ(found.places.size(), 2u);
  EXPECT_EQ(found.places[0].text(), "shop/mombridge.dead");
  EXPECT_EQ(found.places[0].added.at(0), "added");
  EXPECT_EQ(found.places[1].text(), "shop/special.dead");
  EXPECT_EQ(found.unnamed, std::vector<std::string>{"shop/dead.{target}"});
}

}  // namespace
}  // namespace mombridge::routing::test
