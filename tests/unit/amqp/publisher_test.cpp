// Confirms, returns and closed channels, as the server says them.

#include <thread>

#include "publisher_scripted.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::close_arguments;
using testing::HasSubstr;
using testing::StartsWith;
using Bodies = std::vector<std::string>;

class PublisherTest : public test::ScriptedPublisher {};

TEST_F(PublisherTest, ConfirmsOneByOneAndManyAtOnceInAnyOrder) {
  start();
  auto& probes = numbered(10);
  publish(probes);
  receive_bodies(10);
  ack(3, false);
  EXPECT_EQ(probes[2].outcome(), "delivered");
  EXPECT_TRUE(probes[0].pending() && probes[1].pending() && probes[3].pending());
  ack(2, true);
  EXPECT_EQ(probes[0].outcome(), "delivered");
  EXPECT_EQ(probes[1].outcome(), "delivered");
  EXPECT_TRUE(probes[3].pending());
  nack(5, true);
  EXPECT_THAT(probes[3].outcome(), StartsWith("away: "));
  EXPECT_THAT(probes[4].outcome(), StartsWith("away: "));
  ack(0, true);  // all so far
  for (size_t i = 5; i < 10; ++i) EXPECT_EQ(probes[i].outcome(), "delivered") << i;
  for (auto& p : probes) EXPECT_THAT(p.outcome(), testing::Not(HasSubstr("times")));
}

// Most are encoded by their caller, with the body or beside it; the largest and those to a new exchange by the loop.
TEST_F(PublisherTest, OneCallersOrderIsKeptWhoeverEncodes) {
  constexpr int kCount = 2000;
  greeting.channel_max = 3;  // large ones have no channel of their own
  start();
  auto& probes = numbered(0);
  for (int i = 0; i < kCount; ++i)
    probes.emplace_back("queue",
                        std::to_string(i) + (i % 50 == 7 ? std::string(i % 100 == 7 ? 1'100'000 : 20'000, ' ') : ""),
                        i % 3 == 2 ? "exchange" : "");
  std::thread caller([&] { publish(probes); });
  std::deque<std::string> expected;
  for (auto& probe : probes) expected.emplace_back(probe.message->body);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(receive().body, expected[i]);
  ASSERT_TRUE(socket.await(AMQP_EXCHANGE_DECLARE_METHOD));
  socket.method(2, AMQP_EXCHANGE_DECLARE_OK_METHOD);
  socket.method(2, AMQP_CHANNEL_CLOSE_OK_METHOD);
  for (int i = 2; i < kCount && !HasFailure(); ++i) EXPECT_EQ(receive().body, expected[i]) << i;
  caller.join();
  ack(0, true);
  for (auto& probe : probes) EXPECT_EQ(probe.outcome(), "delivered");
}

TEST_F(PublisherTest, ConfirmsOfWhatWasNeverPublishedDoNothing) {
  start();
  auto& probes = numbered(3);
  publish(probes);
  receive_bodies(3);
  ack(4, true);
  ack(~uint64_t{0}, true);  // must not be counted up to
  nack(uint64_t{1} << 63, false);
  ack(1, false);
  EXPECT_EQ(probes[0].outcome(), "delivered");
  EXPECT_TRUE(probes[1].pending() && probes[2].pending());
  ack(1, true);
  ack(3, true);
  EXPECT_EQ(probes[2].outcome(), "delivered");
}

TEST_F(PublisherTest, AChannelThatIsNackedForAWhileIsExchangedWithoutDuplicates) {
  settings->reconnect_delay = settings->reconnect_delay_max = 2ms;
  start();
  auto& open = one("elsewhere");
  publish(probes_.back());
  receive();
  for (uint64_t tag : {2, 3}) {
    auto& refused = one("stuck");
    publish(probes_.back());
    receive();
    std::this_thread::sleep_for(10ms);
    nack(tag, false);
    EXPECT_THAT(refused.outcome(), StartsWith("away: nacked"));
  }
  auto& late = one("stuck", "late");
  publish(probes_.back());
  EXPECT_FALSE(socket.read(30ms)) << "before the confirm of what is on the old channel";
  ack(1, false);
  EXPECT_EQ(open.outcome(), "delivered");
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_METHOD));
  socket.method(1, AMQP_CHANNEL_CLOSE_OK_METHOD);
  confirm_select();
  EXPECT_EQ(receive().body, "late");
  ack(1, false);
  EXPECT_EQ(late.outcome(), "delivered");
}

TEST_F(PublisherTest, AChannelThatIsNackedAndNotSettledEndsWithItsConnection) {
  settings->reconnect_delay = settings->reconnect_delay_max = 2ms;
  start();
  auto& open = one("elsewhere");
  publish(probes_.back());
  receive();
  for (uint64_t tag : {2, 3}) {
    one("stuck");
    publish(probes_.back());
    receive();
    std::this_thread::sleep_for(10ms);
    nack(tag, false);
    EXPECT_THAT(probes_.back().front().outcome(), StartsWith("away: nacked"));
  }
  EXPECT_TRUE(socket.await_end());
  connect();
  EXPECT_EQ(receive().key, "elsewhere");
  ack(1, false);
  EXPECT_EQ(open.outcome(), "delivered");
}

TEST_F(PublisherTest, OfSeveralThatDifferInAHeaderTheReturnedOneIsRefused) {
  start();
  auto& probes = numbered(0);
  for (auto* id : {"1", "2", "3"}) probes.emplace_back("queue", "same").own.message_id = std::string_view(id);
  publish(probes);
  auto first = receive(), second = receive();
  receive();
  return_it(second);
  ack(3, true);
  EXPECT_EQ(probes[0].outcome(), "delivered");
  EXPECT_THAT(probes[1].outcome(), testing::AllOf(StartsWith("refused: "), HasSubstr("312 NO_ROUTE")));
  EXPECT_EQ(probes[2].outcome(), "delivered");
}

TEST_F(PublisherTest, OfSeveralThatAreAlikeAsManyAreRefusedAsCameBack) {
  start();
  auto& probes = numbered(0);
  for (int i = 0; i < 4; ++i) probes.emplace_back("queue", i == 3 ? "" : "same");
  publish(probes);
  auto same = receive();
  receive_bodies(2);
  auto empty = receive();
  return_it(same);
  return_it(empty);
  return_it(same);
  ack(4, true);
  size_t refused = 0;
  for (auto& p : probes) refused += p.outcome().starts_with("refused");
  EXPECT_EQ(refused, 3u);
  EXPECT_THAT(probes[3].outcome(), StartsWith("refused")) << "one without a body";
}

// A later RabbitMQ may write properties in its own way. To take one for delivered that was not would lose it.
TEST_F(PublisherTest, AReturnWithOtherPropertiesLosesNone) {
  start();
  auto& probes = numbered(0);
  for (auto* body : {"same", "other", "same"}) probes.emplace_back("queue", body);
  publish(probes);
  auto first = receive();
  receive_bodies(2);
  return_it(first, std::string(2, '\0'));
  ack(3, true);
  EXPECT_THAT(probes[0].outcome(), StartsWith("refused"));
  EXPECT_EQ(probes[1].outcome(), "delivered");
  EXPECT_THAT(probes[2].outcome(), StartsWith("refused"));
}

TEST_F(PublisherTest, AReturnOfWhatWasNotPublishedEndsTheConnection) {
  start();
  auto& probes = numbered(2);
  publish(probes);
  auto foreign = receive();
  receive();
  foreign.key = "elsewhere";
  return_it(foreign);
  EXPECT_TRUE(socket.await_end());
  connect();
  EXPECT_EQ(receive_bodies(2), (Bodies{"0", "1"}));
  ack(2, true);
  EXPECT_EQ(probes[1].outcome(), "delivered");
}

TEST_F(PublisherTest, AnUnroutableOneThatNeedNotBeRoutedIsDelivered) {
  start();
  auto& probe = one();
  probe.own_options.mandatory = false;
  broker->publish(probe);
  auto frame = socket.await(AMQP_BASIC_PUBLISH_METHOD);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->payload.back(), '\0') << "the mandatory bit";
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
}

// The server closes for the one with body "3", again when it comes alone.
TEST_F(PublisherTest, AClosedChannelTakesOnlyTheCulprit) {
  start();
  auto& probes = numbered(6);
  publish(probes);
  receive_bodies(6);
  ack(1, false);
  socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED - bad three"));
  ASSERT_TRUE(socket.await(AMQP_CHANNEL_CLOSE_OK_METHOD));
  confirm_select();
  Bodies seen;
  for (uint64_t tag = 1; seen.size() < 5 && !HasFailure(); ++tag) {
    seen.push_back(receive().body);
    EXPECT_FALSE(socket.read(20ms)) << "one by one";
    if (seen.back() != "3") {
      ack(tag, false);
      continue;
    }
    socket.method(1, AMQP_CHANNEL_CLOSE_METHOD, close_arguments(406, "PRECONDITION_FAILED - bad three"));
    confirm_select();
    tag = 0;
  }
  EXPECT_EQ(seen, (Bodies{"1", "2", "3", "4", "5"}));
  for (auto& p : probes)
    EXPECT_EQ(p.outcome(), p.own.body == "3" ? "refused: 406 PRECONDITION_FAILED - bad three" : "delivered")
        << p.own.body;
  // And then many at a time, as before.
  auto& more = numbered(3);
  publish(more);
  EXPECT_EQ(receive_bodies(3), (Bodies{"0", "1", "2"}));
}

// A broker whose parser dies of a message closes the whole connection: without blame it would be sent again for ever.
TEST_F(PublisherTest, AClosedConnectionTakesOnlyTheCulprit) {
  start();
  auto& probes = numbered(3);
  publish(probes);
  receive_bodies(3);
  auto poison = [&] {
    socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(541, "INTERNAL_ERROR"));
    EXPECT_TRUE(socket.await_end());
    connect();
  };
  poison();
  EXPECT_EQ(receive().body, "0");
  ack(1, false);
  EXPECT_EQ(receive().body, "1");
  poison();
  EXPECT_EQ(receive().body, "2");
  ack(1, false);
  EXPECT_EQ(probes[0].outcome(), "delivered");
  EXPECT_THAT(probes[1].outcome(), testing::AllOf(StartsWith("refused"), HasSubstr("541 INTERNAL_ERROR")));
  EXPECT_EQ(probes[2].outcome(), "delivered");
}

// An operator's close is nobody's fault, however often it comes.
TEST_F(PublisherTest, AForcedCloseBlamesNobody) {
  start();
  auto& probe = one();
  broker->publish(probe);
  for (int i = 0; i < 3; ++i) {
    receive();
    socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(320, "CONNECTION_FORCED"));
    EXPECT_TRUE(socket.await_end());
    connect();
  }
  receive();
  EXPECT_TRUE(probe.pending());
  ack(1, false);
  EXPECT_EQ(probe.outcome(), "delivered");
}

}  // namespace
}  // namespace mombridge::amqp
