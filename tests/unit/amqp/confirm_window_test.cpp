// Confirms by number, and returns matched to what was published.

#include "broker/amqp/confirm_window.hpp"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/buffer.hpp"
#include "broker/amqp/properties.hpp"
#include "probe.hpp"

namespace mombridge::amqp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConfirmWindowTest : public testing::Test {
 protected:
  test::Probe& publish(const std::string& key, const std::string& body, const std::string& message_id = "") {
    auto& probe = probes.emplace_back(key, body, "exchange");
    ids.push_back(message_id);
    if (!message_id.empty()) probe.own.message_id = ids.back();
    window.add({&probe, body.size()}, now);
    return probe;
  }
  /// The bodies of what was resolved, those that were returned with a '!' behind.
  std::vector<std::string> confirm(uint64_t tag, bool multiple = false) {
    std::vector<std::string> bodies;
    window.confirm(tag, multiple, now, [&](const Publication& p, const std::string* returned) {
      bodies.push_back(std::string(p.message->body) + (returned ? "!" : ""));
      if (returned) reason = *returned;
    });
    return bodies;
  }
  static Returned returned(const test::Probe& probe) {
    Buffer properties;
    Writer writer(properties);
    EXPECT_TRUE(encode_properties(writer, probe, probe.own_options.author));
    return {"312 NO_ROUTE", probe.own_options.exchange, std::string(probe.target), properties.str(),
            std::string(probe.own.body)};
  }

  std::deque<test::Probe> probes;
  std::deque<std::string> ids;
  ConfirmWindow window;
  TimePoint now{100s};
  std::string reason;
};

TEST_F(ConfirmWindowTest, ResolvesInAnyOrderAndEachOnce) {
  for (auto* body : {"1", "2", "3", "4", "5"}) publish("key", body);
  EXPECT_THAT(confirm(3), ElementsAre("3"));
  EXPECT_THAT(confirm(3), IsEmpty());
  EXPECT_EQ(window.size(), 5u) << "the place of one that is resolved is kept for the numbers of the others";
  EXPECT_THAT(confirm(2, true), ElementsAre("1", "2"));
  EXPECT_EQ(window.size(), 2u);
  EXPECT_THAT(confirm(0, true), ElementsAre("4", "5")) << "0 stands for all so far";
  EXPECT_TRUE(window.empty());
  publish("key", "6");
  EXPECT_THAT(confirm(6), ElementsAre("6")) << "numbers go on";
}

TEST_F(ConfirmWindowTest, IgnoresNumbersThatWereNeverGiven) {
  EXPECT_THAT(confirm(0, true), IsEmpty());
  EXPECT_THAT(confirm(1), IsEmpty());
  publish("key", "1");
  EXPECT_THAT(confirm(2, true), IsEmpty());
  EXPECT_THAT(confirm(~uint64_t{0}, true), IsEmpty());
  EXPECT_EQ(window.size(), 1u);
}

TEST_F(ConfirmWindowTest, CountsTheBytesOfWhatIsOpen) {
  publish("key", "12345");
  publish("key", "123");
  EXPECT_EQ(window.bytes(), 8u);
  confirm(1);
  EXPECT_EQ(window.bytes(), 3u);
  (void)window.take_back();
  EXPECT_EQ(window.bytes(), 0u);
}

TEST_F(ConfirmWindowTest, TakesBackWhatIsOpenInItsOrderAndCountsAnew) {
  auto &first = publish("key", "1"), &second = publish("key", "2"), &third = publish("key", "3");
  confirm(2);
  EXPECT_THAT(window.take_back(), ElementsAre(&first, &third));
  EXPECT_TRUE(window.empty());
  window.begin_channel();
  window.add({&second, 1}, now);
  EXPECT_THAT(confirm(1), ElementsAre("2"));
}

TEST_F(ConfirmWindowTest, TheConfirmOfAReturnedOneRefusesIt) {
  publish("key", "a");
  auto& lost = publish("nowhere", "b");
  ASSERT_TRUE(window.match(returned(lost)));
  EXPECT_THAT(confirm(2, true), ElementsAre("a", "b!"));
  EXPECT_EQ(reason, "returned by the broker: 312 NO_ROUTE (target 'nowhere')");
}

TEST_F(ConfirmWindowTest, OfThoseThatDifferInTheirPropertiesTheRightOneIsFound) {
  publish("key", "same", "1");
  auto& second = publish("key", "same", "2");
  publish("key", "same", "3");
  ASSERT_TRUE(window.match(returned(second)));
  EXPECT_THAT(confirm(0, true), ElementsAre("same", "same!", "same"));
}

TEST_F(ConfirmWindowTest, AsManyThatAreAlikeAreRefusedAsCameBack) {
  for (int i = 0; i < 3; ++i) publish("key", "same");
  ASSERT_TRUE(window.match(returned(probes.front())));
  ASSERT_TRUE(window.match(returned(probes.front())));
  auto outcomes = confirm(0, true);
  EXPECT_EQ(std::ranges::count(outcomes, "same!"), 2);
}

// A broker that writes properties in its own way: to take one for delivered that was not would lose it.
TEST_F(ConfirmWindowTest, AllThatAreAlikeButForUnknownPropertiesAreRefused) {
  publish("key", "same", "1");
  publish("key", "other");
  publish("key", "same", "2");
  auto back = returned(probes.front());
  back.properties = "??";
  ASSERT_TRUE(window.match(back));
  EXPECT_THAT(confirm(0, true), ElementsAre("same!", "other", "same!"));
}

TEST_F(ConfirmWindowTest, WhatWasNotPublishedMatchesNothing) {
  auto& probe = publish("key", "body");
  for (auto change : {&Returned::exchange, &Returned::routing_key, &Returned::body}) {
    auto back = returned(probe);
    back.*change = "else";
    EXPECT_FALSE(window.match(back));
  }
  probe.own_options.mandatory = false;
  EXPECT_FALSE(window.match(returned(probe))) << "one that need not be routed is never returned";
  EXPECT_THAT(confirm(1), ElementsAre("body"));
}

TEST_F(ConfirmWindowTest, AReturnIsForgottenWithItsChannel) {
  auto& probe = publish("key", "body");
  ASSERT_TRUE(window.match(returned(probe)));
  (void)window.take_back();
  window.begin_channel();
  window.add({&probe, 4}, now);
  EXPECT_THAT(confirm(1), ElementsAre("body"));
}

TEST(ReturnReader, IsWholeWithItsLastByte) {
  ReturnReader reader;
  EXPECT_FALSE(reader.active());
  reader.begin("312 NO_ROUTE", "exchange", "key");
  EXPECT_TRUE(reader.active());
  EXPECT_FALSE(reader.header(5, "properties"));
  EXPECT_FALSE(reader.body("abc"));
  EXPECT_TRUE(reader.body("de"));
  EXPECT_FALSE(reader.active());
  EXPECT_EQ(reader.message().body, "abcde");
  EXPECT_EQ(reader.message().properties, "properties");
  reader.begin("312 NO_ROUTE", "", "key");
  EXPECT_TRUE(reader.header(0, "")) << "one without a body";
  EXPECT_EQ(reader.message().body, "") << "nothing is left of the one before";
}

}  // namespace
}  // namespace mombridge::amqp
