// Subscriptions of the live broker.

#include "base/counters.hpp"
#include "live.hpp"

namespace mombridge::amqp {
namespace {

using test::kNoProperties;
using testing::HasSubstr;
using State = LinkStatus::State;

class ConsumerTest : public test::LiveTest {};

TEST_F(ConsumerTest, ADeletedQueueIsAFailingStateUntilItIsDeclaredAnew) {
  auto name = queue();
  raw->declare_queue(name);
  subscribe({.queue = name});
  start();
  ASSERT_TRUE(await_state(0, State::up) && await_state(1, State::up));
  raw->delete_queue(name);
  ASSERT_TRUE(await([&] {
    return link(1).state == State::failing && link(1).detail.find("NOT_FOUND") != std::string::npos;
  })) << "the broker's own words: "
      << link(1).detail;
  EXPECT_THAT(link(1).detail, HasSubstr(name));
  EXPECT_EQ(to_string(link(0).state), "up") << "the publisher has nothing to do with it";
  raw->declare_queue(name);
  ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  raw->publish("", name, kNoProperties, "after");
  ASSERT_EQ(await_held(1).size(), 1u);
}

TEST_F(ConsumerTest, AMissingQueueIsRetriedAndNotDeclared) {
  auto name = queue();
  subscribe({.queue = name});
  start();
  ASSERT_TRUE(await_state(1, State::failing));
  EXPECT_THAT(link(1).detail, testing::StartsWith("404 NOT_FOUND - no queue '" + name + "' in vhost '/'"));
  EXPECT_THROW(raw->messages(name), std::runtime_error) << "it is somebody else's";
  test::RawClient().declare_queue(name);
  EXPECT_TRUE(await_state(1, State::up)) << link(1).detail;
}

TEST_F(ConsumerTest, AnExchangeSubscriptionHasAPrivateQueueForAsLongAsTheConnection) {
  subscribe({.queue = "", .bindings = {{"amq.topic", {"unit.*.orange", "unit.lazy.#"}}}});
  start();
  ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  for (auto* key : {"unit.quick.orange", "unit.quick.brown", "unit.lazy.a.b"})
    raw->publish("amq.topic", key, kNoProperties, key);
  auto held = await_held(2);
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0]->message.target, "unit.quick.orange");
  EXPECT_EQ(held[1]->message.body, "unit.lazy.a.b");
  EXPECT_EQ(to_string(link(1).state), "up");
}

TEST_F(ConsumerTest, DeclaresAQuorumQueueWithItsArgumentsAndBindsIt) {
  auto name = queue(), topic = exchange();
  raw->declare_exchange(topic, "topic");
  QueueDeclaration quorum;
  quorum.arguments = {{"x-queue-type", std::string("quorum")}, {"x-max-length", int64_t{1000}}};
  subscribe({.queue = name, .declare = quorum, .bindings = {{topic, {"order.#", "b"}}}});
  start();
  ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  for (auto* key : {"order.new", "b", "else"}) raw->publish(topic, key, kNoProperties, "x");
  EXPECT_EQ(await_held(2).size(), 2u);
  // Another declaration of it is refused in words that show what it is.
  try {
    raw->declare_queue(name);
    ADD_FAILURE() << "it is a classic queue";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("inequivalent arg 'x-"));
  }
}

TEST_F(ConsumerTest, ADeclarationThatDiffersIsAFailingState) {
  auto name = queue();
  raw->declare_queue(name, false);
  subscribe({.queue = name, .declare = QueueDeclaration{}});
  start();
  ASSERT_TRUE(await_state(1, State::failing));
  EXPECT_THAT(link(1).detail, HasSubstr("406 PRECONDITION_FAILED - inequivalent arg 'durable'"));
}

TEST_F(ConsumerTest, AnotherConnectionsExclusiveQueueIsAFailingStateUntilItIsGone) {
  auto name = queue();
  auto owner = std::make_unique<test::RawClient>();
  owner->declare_queue(name, false, {}, true);
  subscribe({.queue = name});
  start();
  ASSERT_TRUE(await_state(1, State::failing));
  EXPECT_THAT(link(1).detail,
              testing::AllOf(HasSubstr("405 RESOURCE_LOCKED"), HasSubstr("exclusive to another connection")));
  owner.reset();
  EXPECT_TRUE(await([&] { return link(1).detail.find("404") != std::string::npos; })) << "it went with its connection";
}

TEST_F(ConsumerTest, AnAutoDeleteQueueThatWasDeletedMeanwhileIsDeclaredAnew) {
  auto name = queue();
  subscribe({.queue = name, .declare = QueueDeclaration{.auto_delete = true}});
  start();
  ASSERT_TRUE(await_state(1, State::up)) << link(1).detail;
  raw->delete_queue(name);
  ASSERT_TRUE(await_state(1, State::up));
  EXPECT_TRUE(await([&] {
    try {
      test::RawClient().publish("", name, kNoProperties, "after");
    } catch (const std::runtime_error&) {
    }
    return held() > 0;
  })) << link(1).detail;
}

TEST_F(ConsumerTest, TwoThousandInOrder) {
  auto name = queue();
  subscribe({.queue = name, .declare = QueueDeclaration{}});
  settings->prefetch_count = 100;
  start();
  ASSERT_TRUE(await_state(1, State::up));
  for (int i = 0; i < 2000; ++i) raw->publish("", name, kNoProperties, std::to_string(i));
  for (int next = 0; next < 2000;) {
    auto held = await_held(1);
    ASSERT_FALSE(held.empty()) << next;
    for (auto& d : held) {
      ASSERT_EQ(d->message.body, std::to_string(next++));
      settle(std::move(d), Settlement::accept);
    }
  }
}

// Nacks and acks in one go: an ack up to a tag that was nacked would close the channel, and give everything back.
TEST_F(ConsumerTest, MixedSettlementsKeepTheChannel) {
  auto name = queue();
  subscribe({.queue = name, .declare = QueueDeclaration{}});
  start();
  ASSERT_TRUE(await_state(1, State::up));
  for (int i = 0; i < 200; ++i) raw->publish("", name, kNoProperties, std::to_string(i));
  auto held = await_held(200);
  ASSERT_EQ(held.size(), 200u);
  for (size_t i = 0; i + 1 < held.size(); ++i)
    settle(std::move(held[i]), i % 3 ? Settlement::accept : Settlement::reject);
  EXPECT_TRUE(await([&] { return raw->messages(name) == 0; }));
  EXPECT_FALSE(await_held(1, 200ms).size()) << "nothing is given back";
  EXPECT_FALSE(held.back()->message.redelivered);
}

// What is accepted above an open delivery is acknowledged soon, not when that one is settled.
TEST_F(ConsumerTest, OneThatStaysOpenDoesNotKeepTheOthers) {
  auto name = queue();
  subscribe({.queue = name, .declare = QueueDeclaration{}});
  start();
  ASSERT_TRUE(await_state(1, State::up));
  for (int i = 0; i < 20; ++i) raw->publish("", name, kNoProperties, std::to_string(i));
  auto held = await_held(20);
  ASSERT_EQ(held.size(), 20u);
  for (size_t i = 1; i < held.size(); ++i) settle(std::move(held[i]), Settlement::accept);
  std::this_thread::sleep_for(1s);  // far below any patience, far above the wait
  broker->stop(10s);                // with all that is accepted said already
  EXPECT_EQ(raw->messages(name), 1u);
}

TEST_F(ConsumerTest, RedeliveredOnesSaySo) {
  auto name = queue();
  subscribe({.queue = name, .declare = QueueDeclaration{}});
  start();
  ASSERT_TRUE(await_state(1, State::up));
  raw->publish("", name, kNoProperties, "x");
  auto held = await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_FALSE(held[0]->message.redelivered);
  settle(std::move(held[0]), Settlement::requeue);
  held = await_held(1);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_TRUE(held[0]->message.redelivered);
}

}  // namespace
}  // namespace mombridge::amqp
