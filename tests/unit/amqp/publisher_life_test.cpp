// Reconnects, alarms, refused logins, exchanges, stopping.

#include "publisher_scripted.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::arguments;
using test::close_arguments;
using testing::HasSubstr;
using testing::StartsWith;
using Bodies = std::vector<std::string>;

class PublisherLife : public test::ScriptedPublisher {
 protected:
  /// Answers the next look-up of an exchange; returns its name.
  std::string answer_lookup(const std::string& missing = "") {
    auto frame = socket.await(AMQP_EXCHANGE_DECLARE_METHOD);
    if (!frame) return "no look-up";
    Reader in(frame->arguments());
    in.number<uint16_t>();
    std::string name(in.short_string());
    if (!missing.empty()) {
      socket.method(frame->channel, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, missing));
      return name;
    }
    socket.method(frame->channel, AMQP_EXCHANGE_DECLARE_OK_METHOD);
    socket.method(frame->channel, AMQP_CHANNEL_CLOSE_OK_METHOD);
    return name;
  }
};

TEST_F(PublisherLife, WhatWasNotConfirmedComesAgainFirstAndInOrder) {
  start();
  auto& probes = numbered(8);
  publish(probes);
  receive_bodies(8);
  ack(3, true);
  ack(6, false);
  EXPECT_EQ(probes[5].outcome(), "delivered");
  socket.close();
  auto& later = numbered(2);
  publish(later);
  connect();
  EXPECT_EQ(receive_bodies(6), (Bodies{"3", "4", "6", "7", "0", "1"}));
  ack(6, true);
  for (auto& p : probes) EXPECT_EQ(p.outcome(), "delivered");
  for (auto& p : later) EXPECT_EQ(p.outcome(), "delivered");
}

// The tags of the new channel count from 1, and a return of the old one is forgotten with it.
TEST_F(PublisherLife, AReturnWithoutItsConfirmIsForgottenWithTheConnection) {
  start();
  auto& probe = one();
  broker->publish(probe);
  return_it(receive());
  socket.close();
  connect();
  receive();
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
}

TEST_F(PublisherLife, AnAlarmHoldsPublicationsUntilItIsOver) {
  start();
  await_state(LinkStatus::State::up);
  socket.method(0, AMQP_CONNECTION_BLOCKED_METHOD, "\6memory"s);
  await_state(LinkStatus::State::blocked);
  EXPECT_EQ(link().detail, "memory");
  auto& probe = one();
  broker->publish(probe);
  EXPECT_FALSE(socket.read(50ms)) << "nothing is sent";
  EXPECT_TRUE(probe.pending()) << "and nothing said";
  socket.method(0, AMQP_CONNECTION_UNBLOCKED_METHOD);
  receive();
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
  await_state(LinkStatus::State::up);
}

TEST_F(PublisherLife, AnAlarmEndsWithItsConnection) {
  start();
  socket.method(0, AMQP_CONNECTION_BLOCKED_METHOD, "\6memory"s);
  await_state(LinkStatus::State::blocked);
  socket.close();
  connect();
  auto& probe = one();
  broker->publish(probe);
  receive();  // a broker whose alarm lasts says so again, after the first publish
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
  await_state(LinkStatus::State::up);
}

TEST_F(PublisherLife, AnAlarmStaysShownWhenTheChannelIsOpenedAgain) {
  start();
  auto& probe = one();
  broker->publish(probe);
  receive();
  socket.method(0, AMQP_CONNECTION_BLOCKED_METHOD, "\6memory"s);
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "NOT_FOUND"));
  confirm_select();
  EXPECT_THAT(probe.outcome(), StartsWith("refused"));
  // What the server says next is read after the answer to confirm.select.
  auto& held = one();
  broker->publish(held);
  EXPECT_FALSE(socket.read(50ms));
  EXPECT_EQ(to_string(link().state), "blocked");
}

TEST_F(PublisherLife, ARefusedLoginWaitsASecondAtLeast) {
  start_alone();
  auto refuse = [&] {
    socket = server.greet();
    socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(403, "ACCESS_REFUSED"));
    return Clock::now();
  };
  auto first = refuse();
  auto second = refuse();
  EXPECT_GE(second - first, 900ms) << "though the reconnect_delay is a millisecond";
  EXPECT_THAT(link().detail, HasSubstr("403 ACCESS_REFUSED"));
  connect();
  await_state(LinkStatus::State::up);
}

TEST_F(PublisherLife, EachMissingExchangeIsRefusedWithItsOwnReason) {
  start();
  auto& probes = numbered(0);
  for (auto* exchange : {"a", "b", "a", "b", "c"}) probes.emplace_back("key", "body", exchange);
  publish(probes);
  EXPECT_EQ(answer_lookup("NOT_FOUND - no a"), "a");
  EXPECT_EQ(answer_lookup("NOT_FOUND - no b"), "b");
  EXPECT_EQ(answer_lookup(), "c");
  EXPECT_EQ(receive().exchange, "c");
  ack(1, false);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(probes[i].outcome(), "refused: 404 NOT_FOUND - no "s + (i % 2 ? "b" : "a"));
  EXPECT_EQ(probes[4].outcome(), "delivered");
}

TEST_F(PublisherLife, WithoutOptionsItGoesToTheExchangeOfTheSection) {
  settings->publishes.exchange = "ours";
  start();
  auto& probes = numbered(1);
  probes[0].options = nullptr;
  publish(probes);
  EXPECT_EQ(answer_lookup(), "ours");
  EXPECT_EQ(receive().exchange, "ours");
  ack(1, false);
  EXPECT_EQ(probes[0].outcome(), "delivered");
  EXPECT_EQ(link().role, LinkStatus::Role::publisher);
}

TEST_F(PublisherLife, WhatCannotBeSaidIsRefusedBeforeTheChannel) {
  settings->max_message_size = 100;
  start();
  auto &large = one("queue", std::string(101, 'x')), &key = one(std::string(256, 'k'));
  auto &exchange = one("key", "body", std::string(256, 'e')), &fine = one("queue", std::string(100, 'x'));
  auto &headers = one(), &name = one();
  std::string text(200'000, 'v'), long_name(256, 'n');
  std::vector<Header> too_large{{"h", Value::of(text)}}, too_long{{long_name, {}}};
  headers.own.headers = too_large;
  name.own.headers = too_long;
  for (auto* p : {&large, &key, &exchange, &headers, &name, &fine}) broker->publish(*p);
  EXPECT_EQ(receive().body.size(), 100u) << "the first that reaches the server";
  ack(1, false);
  EXPECT_EQ(fine.outcome(), "delivered");
  EXPECT_THAT(large.outcome(), HasSubstr("refused: a body of 101 bytes is over the broker's limit of 100"));
  EXPECT_THAT(key.outcome(), HasSubstr("of 256 bytes"));
  EXPECT_THAT(exchange.outcome(), HasSubstr("of 256 bytes"));
  EXPECT_THAT(headers.outcome(), HasSubstr("do not fit a frame"));
  EXPECT_THAT(name.outcome(), HasSubstr("header name of 256"));
}

// Each body that is too large costs the channel, and everything on it comes twice.
TEST_F(PublisherLife, TheBrokersLimitIsLearnedFromItsFirstRefusal) {
  start();
  auto& first = one("queue", std::string(101, 'x'));
  broker->publish(first);
  receive();
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD,
                close_arguments(406, "PRECONDITION_FAILED - message size 101 is larger than configured max size 100"));
  confirm_select();
  EXPECT_THAT(first.outcome(), HasSubstr("larger than configured max size 100"));
  auto &second = one("queue", std::string(101, 'x')), &fine = one("queue", std::string(100, 'x'));
  for (auto* p : {&second, &fine}) broker->publish(*p);
  EXPECT_EQ(receive().body.size(), 100u) << "the first that reaches the server";
  ack(1, false);
  EXPECT_EQ(fine.outcome(), "delivered");
  EXPECT_THAT(second.outcome(), HasSubstr("over the broker's limit of 100"));
}

TEST_F(PublisherLife, ASingleChannelIsEnough) {
  settings->declares = {"own.dead"};
  start_alone();
  socket = server.login({.channel_max = 1});
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_OPEN_METHOD));
  auto declare = socket.await(AMQP_QUEUE_DECLARE_METHOD);
  ASSERT_TRUE(declare);
  EXPECT_EQ(declare->channel, 1);
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED - it is another"));
  confirm_select();
  auto &missing = one("key", "1", "gone"), &fine = one("queue", "2");
  broker->publish(missing);
  EXPECT_EQ(receive().exchange, "gone") << "there is no channel to look it up on";
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(404, "NOT_FOUND - no exchange 'gone'"));
  confirm_select();
  EXPECT_THAT(missing.outcome(), StartsWith("refused: 404"));
  broker->publish(fine);
  EXPECT_EQ(receive().body, "2");
  ack(1, false);
  EXPECT_EQ(fine.outcome(), "delivered");
}

TEST_F(PublisherLife, ASingleChannelIsOpenedAgainWhenItIsClosed) {
  settings->declares = {"own.dead"};
  start_alone();
  socket = server.login({.channel_max = 1});
  ASSERT_TRUE(socket.await(AMQP_QUEUE_DECLARE_METHOD));
  socket.method(1, AMQP_QUEUE_DECLARE_OK_METHOD, "\x08own.dead"s + std::string(8, '\0'));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_METHOD));
  EXPECT_FALSE(socket.await(AMQP_CHANNEL_OPEN_METHOD, 100ms));
  socket.method(1, AMQP_CHANNEL_CLOSE_OK_METHOD);
  confirm_select();
}

// Else no message would ever be published.
TEST_F(PublisherLife, AnOwnQueueWhoseDeclarationCostsTheConnectionIsNotDeclaredAgain) {
  settings->declares = {"own.dead", "own.other"};
  start_alone();
  socket = server.login();
  ASSERT_TRUE(socket.await(AMQP_QUEUE_DECLARE_METHOD));
  auto& waiting = one();
  broker->publish(waiting);
  socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(541, "INTERNAL_ERROR"));
  socket = server.login();
  auto declare = socket.await(AMQP_QUEUE_DECLARE_METHOD);
  ASSERT_TRUE(declare);
  EXPECT_THAT(std::string(declare->arguments()), HasSubstr("own.other"));
  EXPECT_TRUE(waiting.pending()) << "no message is to blame";
}

// RabbitMQ closes the connection for a second channel.open on a channel whose end it has not confirmed.
TEST_F(PublisherLife, TheNextOwnQueueIsDeclaredWhenTheChannelOfTheOneBeforeIsClosed) {
  settings->declares = {"own.dead", "own.other"};
  start_alone();
  socket = server.login();
  auto first = socket.await(AMQP_QUEUE_DECLARE_METHOD);
  ASSERT_TRUE(first);
  socket.method(first->channel, AMQP_QUEUE_DECLARE_OK_METHOD, "\x08own.dead"s + std::string(8, '\0'));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_METHOD));
  EXPECT_FALSE(socket.await(AMQP_QUEUE_DECLARE_METHOD, 100ms));
  socket.method(first->channel, AMQP_CHANNEL_CLOSE_OK_METHOD);
  auto second = socket.await(AMQP_QUEUE_DECLARE_METHOD);
  ASSERT_TRUE(second);
  EXPECT_THAT(std::string(second->arguments()), HasSubstr("own.other"));
}

TEST_F(PublisherLife, StopCompletesWhatIsUnconfirmedAndWhatWaitsOnce) {
  start();
  auto& unconfirmed = numbered(2);
  publish(unconfirmed);
  receive_bodies(2);
  socket.method(0, AMQP_CONNECTION_BLOCKED_METHOD, "\6memory"s);
  await_state(LinkStatus::State::blocked);
  auto& waiting = numbered(2);
  publish(waiting);
  std::thread server_side([this] {
    EXPECT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
    ack(1, false);  // said before it read the goodbye: still counts
    socket.method(0, AMQP_CONNECTION_CLOSE_OK_METHOD);
  });
  broker->stop(test::kPatience);
  server_side.join();
  EXPECT_EQ(unconfirmed[0].outcome(), "delivered");
  EXPECT_THAT(unconfirmed[1].outcome(), StartsWith("away"));
  for (auto& p : waiting) EXPECT_THAT(p.outcome(), StartsWith("away"));
  auto& late = one();
  broker->publish(late);
  EXPECT_THAT(late.outcome(), StartsWith("away"));
}

// Nothing goes out behind the goodbye: a broker that still took it would have it twice.
TEST_F(PublisherLife, NothingIsPublishedBehindTheGoodbye) {
  start();
  auto& probe = one();
  std::thread stopping([this] { broker->stop(200ms); });
  ASSERT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
  broker->publish(probe);
  EXPECT_FALSE(socket.read(50ms));
  stopping.join();
  EXPECT_THAT(probe.outcome(), StartsWith("away"));
}

}  // namespace
}  // namespace mombridge::amqp
