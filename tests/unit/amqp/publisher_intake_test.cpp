// What callers encode and what they leave for the loop.

#include "broker/amqp/publisher_intake.hpp"

#include <deque>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe.hpp"

namespace mombridge::amqp {
namespace {

using Put = PublisherIntake::Put;
using testing::ElementsAre;
using testing::IsEmpty;

class PublisherIntakeTest : public testing::Test {
 protected:
  static constexpr PublisherIntake::Room kRoom{.count = 1000, .bytes = 1 << 20};

  PublisherIntakeTest() { intake.set_limits({.frame_max = 4096, .max_message_size = 4 << 20}); }
  Put put(std::string body, const std::string& exchange = "") {
    return intake.put(probes.emplace_back("queue", std::move(body), exchange));
  }
  std::vector<std::string> encoded() {
    std::vector<std::string> bodies;
    for (auto& written : batch->written) bodies.emplace_back(written.publication->message->body);
    return bodies;
  }
  std::vector<std::string> waiting() {
    std::vector<std::string> bodies;
    for (auto* publication : batch->waiting) bodies.emplace_back(publication->message->body);
    return bodies;
  }
  void take(bool encode = true) {
    if (batch) batch->clear();
    batch = &intake.take(encode);
  }

  std::deque<test::Probe> probes;
  PublisherIntake intake{1};
  PublisherIntake::Batch* batch = nullptr;
};

TEST_F(PublisherIntakeTest, NothingIsEncodedBeforeTheLoopAllowsIt) {
  EXPECT_EQ(put("a"), Put::first);
  EXPECT_EQ(put("b"), Put::behind);
  take();
  EXPECT_THAT(encoded(), IsEmpty());
  EXPECT_THAT(waiting(), ElementsAre("a", "b"));
}

TEST_F(PublisherIntakeTest, CallersEncodeWhenTheyMay) {
  EXPECT_FALSE(intake.let_in(true, kRoom));
  EXPECT_EQ(put("a"), Put::first);
  EXPECT_EQ(put("b"), Put::behind);
  take();
  EXPECT_THAT(encoded(), ElementsAre("a", "b"));
  EXPECT_THAT(waiting(), IsEmpty());
  OutFrames expected;
  for (auto& probe : probes)
    ASSERT_TRUE(write_publication(expected, 1, probe, {.frame_max = 4096, .max_message_size = 4 << 20}));
  EXPECT_EQ(batch->frames.bytes().view(), expected.bytes().view());
  EXPECT_EQ(put("c"), Put::first) << "the loop must be woken again";
}

// Order: what comes behind one that could not be encoded must wait behind it.
TEST_F(PublisherIntakeTest, NothingIsEncodedBehindOneThatWaits) {
  (void)intake.let_in(true, kRoom);
  put("a");
  put(std::string(2'000'000, 'x'));
  put("b");
  EXPECT_TRUE(intake.let_in(true, kRoom)) << "something has come";
  put("c");
  take();
  EXPECT_THAT(encoded(), ElementsAre("a"));
  EXPECT_EQ(waiting().size(), 3u);
  (void)intake.let_in(true, kRoom);
  put("d");
  take();
  EXPECT_THAT(encoded(), ElementsAre("d"));
}

TEST_F(PublisherIntakeTest, OnlyAnExchangeThatExistsIsEncodedFor) {
  (void)intake.let_in(true, kRoom);
  put("a", "orders");
  take();
  EXPECT_THAT(waiting(), ElementsAre("a"));
  intake.exchange_exists("orders");
  (void)intake.let_in(true, kRoom);
  put("b", "orders");
  take();
  EXPECT_THAT(encoded(), ElementsAre("b"));
  intake.forget_exchanges();
  (void)intake.let_in(true, kRoom);
  put("c", "orders");
  take();
  EXPECT_THAT(waiting(), ElementsAre("c"));
}

TEST_F(PublisherIntakeTest, NoMoreIsEncodedThanThereIsRoomFor) {
  (void)intake.let_in(true, {.count = 2, .bytes = 1 << 20});
  for (auto* body : {"a", "b", "c"}) put(body);
  take();
  EXPECT_THAT(encoded(), ElementsAre("a", "b"));
  (void)intake.let_in(true, {.count = 3, .bytes = 1 << 20});
  put("d");
  take();  // and one of the three is taken
  for (auto* body : {"e", "f", "g"}) put(body);
  take();
  EXPECT_THAT(encoded(), ElementsAre("e", "f"));
  (void)intake.let_in(true, {.count = 10, .bytes = 1});
  for (auto* body : {"h", "i"}) put(body);
  take();
  EXPECT_THAT(encoded(), ElementsAre("h")) << "the bound of bytes is looked at before each";
}

TEST_F(PublisherIntakeTest, WhatIsWrongIsLeftForTheLoop) {
  intake.set_limits({.frame_max = 4096, .max_message_size = 10});
  (void)intake.let_in(true, kRoom);
  put("eleven byte");
  take();
  EXPECT_EQ(waiting().size(), 1u);
  EXPECT_EQ(batch->frames.size(), 0u);
  (void)intake.let_in(true, kRoom);
  std::string text(5000, 'v');
  std::vector<Header> headers{{"h", Value::of(text)}};
  auto& probe = probes.emplace_back("queue", "body");
  probe.own.headers = headers;
  (void)intake.put(probe);
  take();
  EXPECT_EQ(waiting().size(), 1u);
  EXPECT_EQ(batch->frames.size(), 0u) << "nothing is left of it";
}

TEST_F(PublisherIntakeTest, ATakeMayEndTheEncoding) {
  (void)intake.let_in(true, kRoom);
  put("a");
  take(false);
  EXPECT_THAT(encoded(), ElementsAre("a"));
  put("b");
  take();
  EXPECT_THAT(waiting(), ElementsAre("b"));
}

TEST_F(PublisherIntakeTest, AfterItsStopNothingIsTaken) {
  put("a");
  intake.stop();
  EXPECT_EQ(put("b"), Put::stopped);
  take();
  EXPECT_THAT(waiting(), ElementsAre("a"));
}

TEST_F(PublisherIntakeTest, EachCallersOrderIsKept) {
  constexpr size_t kCount = 500;
  std::deque<test::Probe> lots[3];
  for (size_t caller = 0; caller < 3; ++caller)
    for (size_t i = 0; i < kCount; ++i) lots[caller].emplace_back("queue", std::to_string(i));
  std::vector<std::thread> callers;
  for (auto& lot : lots)
    callers.emplace_back([&] {
      for (auto& probe : lot) (void)intake.put(probe);
    });
  std::vector<const Publication*> all;
  while (all.size() < 3 * kCount) {
    take();
    for (auto& written : batch->written) all.push_back(written.publication);
    all.insert(all.end(), batch->waiting.begin(), batch->waiting.end());
    (void)intake.let_in(true, kRoom);
  }
  for (auto& caller : callers) caller.join();
  for (auto& lot : lots) {
    size_t next = 0;
    for (auto* publication : all)
      if (next < kCount && publication == &lot[next]) ++next;
    EXPECT_EQ(next, kCount);
  }
}

}  // namespace
}  // namespace mombridge::amqp
