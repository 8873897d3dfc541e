// Heartbeats, closing, alarms, and which of several addresses.

#include <netdb.h>
#include <sys/socket.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_server.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using test::Client;
using test::close_arguments;
using test::frame_bytes;
using test::Greeting;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kHeartbeat = frame_bytes(8, 0, "");

struct Beating {
  Beating() : client(server) {
    client.settings.heartbeat = 1s;
    client.open();
    socket = server.login({.heartbeat = 30});
    EXPECT_EQ(client.next(), "opened");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(socket.await(AMQP_CHANNEL_OPEN_METHOD));
  }
  ScriptedServer server;
  Client client;
  test::FrameSocket socket;
};

TEST(Heartbeat, TheShorterIntervalIsAgreed) {
  Beating b;
  Reader tune(b.server.tune_ok);
  tune.number<uint16_t>();
  tune.number<uint32_t>();
  EXPECT_EQ(tune.number<uint16_t>(), 1);
}

TEST(Heartbeat, IsSentAndKeepsTheConnection) {
  Beating b;
  // Six of the client's are three intervals at least: a client that did not count ours would have given up.
  for (int i = 0; i < 6; ++i) {
    b.socket.write(kHeartbeat);
    auto frame = b.socket.read();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, 8);
    EXPECT_EQ(frame->channel, 0);
    EXPECT_EQ(frame->payload, "");
  }
  EXPECT_TRUE(b.client.quiet());
}

TEST(Heartbeat, ASilentServerIsGivenUp) {
  Beating b;
  EXPECT_THAT(b.client.next(), HasSubstr("no sign of life"));
  EXPECT_TRUE(b.socket.await_end());
}

// As when a virtual machine is suspended, its broker with it.
TEST(Heartbeat, WhoeverStoodStillHimselfDoesNotBlameTheServer) {
  Beating b;
  b.client.run([] { std::this_thread::sleep_for(3s); });
  b.socket.write(frame_bytes(3, 1, "here"));
  EXPECT_EQ(b.client.next(), "body 1 here");
  EXPECT_THAT(b.client.next(), HasSubstr("no sign of life")) << "from there on it counts again";
}

// Back-pressure can last for long: the server must hear from us, and is not to blame that we do not read.
TEST(Heartbeat, IsSentWhileReadingIsPausedAndTheServersSilenceIsNotCounted) {
  Beating b;
  b.client.run([&] { b.client.connection->pause_reading(true); });
  for (int i = 0; i < 6; ++i) ASSERT_EQ(b.socket.read().value_or(test::Frame{}).type, 8);
  EXPECT_TRUE(b.client.quiet());
  b.client.run([&] { b.client.connection->pause_reading(false); });
  b.socket.write(frame_bytes(3, 1, "more"));
  EXPECT_EQ(b.client.next(), "body 1 more");
  EXPECT_THAT(b.client.next(), HasSubstr("no sign of life")) << "from there on it counts again";
}

TEST(Closing, ByTheServerIsAnsweredAndSaysWhy) {
  for (auto [code, blamed] : {std::pair{320, false}, {541, true}, {501, true}}) {
    ScriptedServer server;
    Client client(server);
    client.open();
    auto socket = server.login();
    EXPECT_EQ(client.next(), "opened");
    socket.method(0, AMQP_CONNECTION_CLOSE_METHOD, close_arguments(static_cast<uint16_t>(code), "its\nreason"));
    EXPECT_EQ(client.next(), "closed closed by the broker: " + std::to_string(code) + " its\\x0areason");
    EXPECT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_OK_METHOD));
    EXPECT_TRUE(socket.await_end());
    EXPECT_EQ(client.connection->end().blamed(), blamed) << code;
    EXPECT_FALSE(client.connection->end().login_refused());
  }
}

TEST(Closing, InOrderWaitsForTheAnswerAlsoWhereReadingWasPaused) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.login();
  EXPECT_EQ(client.next(), "opened");
  client.run([&] {
    client.connection->pause_reading(true);
    client.connection->close_in_order();
  });
  ASSERT_TRUE(socket.await(AMQP_CONNECTION_CLOSE_METHOD));
  EXPECT_TRUE(client.quiet()) << "not before the answer";
  socket.method(0, AMQP_CONNECTION_CLOSE_OK_METHOD);
  EXPECT_EQ(client.next(), "closed stopped");
}

TEST(Closing, OfTheUsersOwnSaysNothing) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.login();
  EXPECT_EQ(client.next(), "opened");
  client.run([&] { client.connection->close(); });
  EXPECT_TRUE(socket.await_end());
  EXPECT_TRUE(client.quiet());
}

TEST(Closing, AnOpenOfAnOpenConnectionBeginsAnew) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto first = server.login();
  EXPECT_EQ(client.next(), "opened");
  first.write(frame_bytes(3, 1, "half").substr(0, 9));
  client.open();
  auto second = server.login();
  EXPECT_EQ(client.next(), "opened");
  second.write(frame_bytes(3, 1, "whole"));
  EXPECT_EQ(client.next(), "body 1 whole") << "nothing is left of the first stream";
}

TEST(Alarm, IsPassedOn) {
  ScriptedServer server;
  Client client(server);
  client.open();
  auto socket = server.login();
  EXPECT_EQ(client.next(), "opened");
  socket.method(0, AMQP_CONNECTION_BLOCKED_METHOD, "\x09low on it"s);
  EXPECT_EQ(client.next(), "blocked low on it");
  socket.method(0, AMQP_CONNECTION_UNBLOCKED_METHOD);
  EXPECT_EQ(client.next(), "unblocked");
}

TEST(Endpoints, AreTriedInTurn) {
  ScriptedServer first, second;
  auto dead = std::make_unique<ScriptedServer>();
  Client client(std::vector<std::string>{dead->port(), first.port(), second.port()});
  dead.reset();
  client.open();
  EXPECT_THAT(client.next(), HasSubstr("refused"));
  for (auto* server : {&first, &second}) {
    client.open();
    auto socket = server->login();
    EXPECT_EQ(client.next(), "opened");
    EXPECT_EQ(client.connection->endpoint(), "127.0.0.1:" + server->port());
    socket.close();
    EXPECT_THAT(client.next(), StartsWith("closed "));
  }
  client.open();
  EXPECT_THAT(client.next(), HasSubstr("refused")) << "and from the beginning again";
}

TEST(Endpoints, ABlackHoleTakesTheConnectTimeoutAndThenTheNextHasItsTurn) {
  ScriptedServer hole(AF_INET, 0, 0), server;
  hole.swallow();
  Client client(std::vector<std::string>{hole.port(), server.port()});
  client.settings.connect_timeout = 300ms;
  client.open();
  EXPECT_THAT(client.next(), StartsWith("closed "));
  client.settings.connect_timeout = 10s;
  client.open();
  auto socket = server.login();
  EXPECT_EQ(client.next(), "opened");
}

// localhost is ::1 and 127.0.0.1 on most machines; the first of them swallows everything.
TEST(Endpoints, ABlackHoleAmongANamesAddressesLeavesTimeForTheOthers) {
  addrinfo hints{.ai_flags = 0, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  ASSERT_EQ(::getaddrinfo("localhost", nullptr, &hints, &list), 0);
  bool two = list->ai_next, v6_first = list->ai_family == AF_INET6;
  ::freeaddrinfo(list);
  if (!two || !v6_first) GTEST_SKIP() << "here, localhost is not ::1 and 127.0.0.1";
  ScriptedServer v4;
  ScriptedServer v6(AF_INET6, static_cast<uint16_t>(std::stoi(v4.port())), 0);
  v6.swallow();
  Client client(v4);
  client.settings.endpoints[0].host = "localhost";
  client.open();
  auto socket = v4.login();
  EXPECT_EQ(client.next(), "opened");
}

TEST(Endpoints, ANameThatNobodyKnows) {
  ScriptedServer server;
  Client client(server);
  client.settings.endpoints[0].host = "no-such-host.invalid";
  client.open();
  EXPECT_THAT(client.next(), HasSubstr("cannot resolve 'no-such-host.invalid'"));
}

}  // namespace
}  // namespace mombridge::amqp
